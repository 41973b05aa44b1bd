// A contract with debug data, whose texts would be markup, and turn what follows around, if they were not shown as text.

typedef unsigned char u8;
typedef unsigned int u32;

#define INTERFACE                                                                                     \
    "[{\"type\":\"function\",\"name\":\"ping\",\"inputs\":[{\"name\":\"number\",\"type\":\"uint256\"}],"  \
    "\"outputs\":[],\"stateMutability\":\"nonpayable\"},"                                             \
    "{\"type\":\"function\",\"name\":\"crash\",\"inputs\":[],\"outputs\":[],"                         \
    "\"stateMutability\":\"nonpayable\"},"                                                            \
    "{\"type\":\"function\",\"name\":\"title\",\"inputs\":[],"                                        \
    "\"outputs\":[{\"name\":\"text\",\"type\":\"string\"}],"                  \
    "\"stateMutability\":\"view\"},"                                                                  \
    "{\"type\":\"event\",\"name\":\"Pinged\",\"inputs\":[{\"name\":\"number\",\"type\":\"uint256\","  \
    "\"indexed\":false}],\"anonymous\":false}]"

__attribute__((section(".bessemer.abi"), used)) const char interface[sizeof(INTERFACE) - 1] = INTERFACE;

// Keccak-256 of Pinged(uint256)
static const u8 PINGED[32] = {TOPIC};
// "<script>document.title='owned'</script>\u202e" as a function returns it
static const u8 TITLE[128] = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x20"
                             "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x2a"
                             "<script>document.title='owned'</script>\xe2\x80\xae";

static u32 host(u32 number, const void *a, u32 b, const void *c, u32 d) {
    register u32 a0 asm("a0") = (u32)a;
    register u32 a1 asm("a1") = b;
    register u32 a2 asm("a2") = (u32)c;
    register u32 a3 asm("a3") = d;
    register u32 a7 asm("a7") = number;
    asm volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a7) : "memory");
    return a0;
}

static void finish(const void *data, u32 bytes) {
    host(0x03, data, bytes, 0, 0);
    __builtin_unreachable();
}

static u32 selector(const u8 *input) {
    return (u32)input[0] << 24 | (u32)input[1] << 16 | (u32)input[2] << 8 | input[3];
}

void _start(u32 creates) {
    u8 input[36];
    if (creates) finish(0, 0);
    host(0x02, 0, (u32)input, (const void *)sizeof(input), 0);
    switch (selector(input)) {
    case PING:
        host(0x26, PINGED, 1, input + 4, 32);
        finish(0, 0);
    case TITLE_SELECTOR:
        finish(TITLE, sizeof(TITLE));
    case CRASH:
        asm volatile("unimp"); // the line of the crash
    default:
        host(0x04, 0, 0, 0, 0);
    }
}
