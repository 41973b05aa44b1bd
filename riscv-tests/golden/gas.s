# A counted loop: the charge stands at the head, and each round pays it.
loop: addi a0, a0, -1
bnez a0, loop
ret
