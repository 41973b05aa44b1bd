# Registers and gas are in the context for the host; a0 comes back.
addi a0, a0, 1
ecall
addi a0, a0, 2
ecall
