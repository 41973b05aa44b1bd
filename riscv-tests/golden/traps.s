# What always traps.
beqz a0, out
bltz a0, nowhere
ebreak
out: .word 0xffffffff
.equ nowhere, 0x10800
