sb a0, 1(a1)
sh a0, 2(a1)
sw a0, 4(a1)
sw a2, 4(a1)
ret
