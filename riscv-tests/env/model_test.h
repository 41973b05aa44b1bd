// The model of riscv-arch-test: a bare RV32 program without CSRs, traps and input or output.
// Halting is ecall with a7 = 93; the signature stands between begin_signature and end_signature.

#ifndef BESSEMER_MODEL_TEST_H
#define BESSEMER_MODEL_TEST_H

#ifndef XLEN
#define XLEN 32
#endif
#ifndef FLEN
#define FLEN 0
#endif

#define RVMODEL_BOOT

#define RVMODEL_HALT \
        li a7, 93; \
        li a0, 0; \
        ecall;

#define RVMODEL_DATA_SECTION

#define RVMODEL_DATA_BEGIN \
        RVMODEL_DATA_SECTION \
        .align 4; \
        .globl begin_signature; \
begin_signature:

#define RVMODEL_DATA_END \
        .align 4; \
        .globl end_signature; \
end_signature:

#define RVMODEL_IO_INIT
#define RVMODEL_IO_CHECK()
#define RVMODEL_IO_WRITE_STR(_R, _STR)
#define RVMODEL_IO_ASSERT_GPR_EQ(_S, _R, _I)
#define RVMODEL_IO_ASSERT_SFPR_EQ(_F, _R, _I)
#define RVMODEL_IO_ASSERT_DFPR_EQ(_D, _R, _I)

#define RVMODEL_SET_MSW_INT
#define RVMODEL_CLEAR_MSW_INT
#define RVMODEL_CLEAR_MTIMER_INT
#define RVMODEL_CLEAR_MEXT_INT

#endif
