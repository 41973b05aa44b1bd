// What a bare C program needs from its environment: the two calls of RISC-V Linux that write and
// end, and numbers as text. Include it in the one file of the program; it defines `_start`.

#pragma once

typedef unsigned int u32;

// The stack pointer that the loader set becomes the argument: it points at argc. gp is not set up,
// because the linker script never lets anything depend on it.
__asm__(".section .text._start, \"ax\"\n"
        ".globl _start\n"
        ".type _start, @function\n"
        "_start:\n"
        "    mv a0, sp\n"
        "    andi sp, sp, -16\n"
        "    call start\n"
        ".size _start, . - _start\n"
        ".text\n");

int main(int argc, char **argv);

static u32 environment_call(u32 number, u32 first, u32 second, u32 third)
{
    register u32 a0 __asm__("a0") = first;
    register u32 a1 __asm__("a1") = second;
    register u32 a2 __asm__("a2") = third;
    register u32 a7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
    return a0;
}

__attribute__((noreturn, unused)) static void exit(int code)
{
    for (;;)
        environment_call(93, (u32)code, 0, 0);
}

__attribute__((noreturn, used)) static void start(const u32 *block)
{
    exit(main((int)block[0], (char **)(block + 1)));
}

// Writes a string to standard output.
__attribute__((unused)) static void print(const char *text)
{
    u32 length = 0;
    while (text[length])
        length++;
    environment_call(64, 1, (u32)text, length);
}

// Writes a number in decimal.
__attribute__((unused)) static void print_number(u32 number)
{
    char text[11];
    char *first = text + 10;
    *first = 0;
    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    print(first);
}

// Reads a decimal number; anything else in the text counts as its end.
__attribute__((unused)) static u32 parse_number(const char *text)
{
    u32 number = 0;
    while (*text >= '0' && *text <= '9')
        number = number * 10 + (u32)(*text++ - '0');
    return number;
}
