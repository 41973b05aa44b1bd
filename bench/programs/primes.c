// Counts the primes below a number: `primes [LIMIT]`.

#include "system.h"

#define CAPACITY 1000000

// Both kinds of writable data: an initial value from the image, and zeroed memory.
static u32 limit = 100000;
static unsigned char composite[CAPACITY];

int main(int argc, char **argv)
{
    if (argc > 1)
        limit = parse_number(argv[1]);
    if (limit > CAPACITY) {
        print("primes: the limit is at most 1000000\n");
        return 2;
    }

    u32 count = 0;
    for (u32 number = 2; number < limit; number++) {
        if (composite[number])
            continue;
        count++;
        // From the square on; it is computed only where it fits 32 bits.
        if (number < 1000)
            for (u32 multiple = number * number; multiple < limit; multiple += number)
                composite[multiple] = 1;
    }

    print_number(count);
    print(" primes below ");
    print_number(limit);
    print("\n");
    return 0;
}
