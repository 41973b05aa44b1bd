// Greets, by name if there is an argument.

#include "system.h"

int main(int argc, char **argv)
{
    print("Hello, ");
    print(argc > 1 ? argv[1] : "world");
    print("!\n");
    return 0;
}
