# What the compiler knows: LUI, AUIPC, and ADDI on them.
lui a0, 0x12345
addi a0, a0, -1
auipc a1, 0
addi a1, a1, 16
lw a2, 4(a1)
ret
