// The environment of user-level riscv-tests on a bare RV32 program: no CSRs, no trap handler.
// A test ends by ecall with a7 = 93 and a0 = 0 if it passed, else (TESTNUM << 1) | 1.

#ifndef BESSEMER_RISCV_TEST_H
#define BESSEMER_RISCV_TEST_H

#define TESTNUM gp

#define RVTEST_RV32U
#define RVTEST_RV64U

#define RVTEST_CODE_BEGIN \
        .section .text.init, "ax", @progbits; \
        .align 6; \
        .globl _start; \
_start: \
        li TESTNUM, 0;

#define RVTEST_CODE_END \
        ebreak

#define RVTEST_PASS \
        fence; \
        li TESTNUM, 1; \
        li a7, 93; \
        li a0, 0; \
        ecall

#define RVTEST_FAIL \
        fence; \
1:      beqz TESTNUM, 1b; \
        sll TESTNUM, TESTNUM, 1; \
        or TESTNUM, TESTNUM, 1; \
        li a7, 93; \
        addi a0, TESTNUM, 0; \
        ecall

#define EXTRA_DATA

#define RVTEST_DATA_BEGIN \
        EXTRA_DATA \
        .align 4; \
        .globl begin_signature; \
begin_signature:

#define RVTEST_DATA_END \
        .align 4; \
        .globl end_signature; \
end_signature:

#endif
