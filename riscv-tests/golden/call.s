# A guest call is a host call, and its return a host return.
_start: addi sp, sp, -16
sw ra, 12(sp)
jal callee
lw ra, 12(sp)
addi sp, sp, 16
ret
callee: addi a0, a0, 1
ret
