// Walks off the end of a list and reads through a null pointer: shows how a trap is reported.
// `trap [COUNT]` adds up the first COUNT of four items; five, one too many, is the default.

#include "system.h"

struct item {
    u32 value;
    struct item *next;
};

__attribute__((noipa)) static u32 sum(const struct item *item, u32 count)
{
    u32 total = 0;
    while (count--) {
        total += item->value; // The fifth item is the null pointer.
        item = item->next;
    }
    return total;
}

int main(int argc, char **argv)
{
    struct item fourth = {4, 0}, third = {3, &fourth}, second = {2, &third}, first = {1, &second};
    u32 total = sum(&first, argc > 1 ? parse_number(argv[1]) : 5);
    print("sum ");
    print_number(total);
    print("\n");
    return 0;
}
