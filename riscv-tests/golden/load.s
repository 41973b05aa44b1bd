# One host instruction each; a load to x0 still faults.
lb a0, 1(a1)
lh a2, 2(a1)
lw a3, 4(a1)
lbu a4, -1(a1)
lhu a5, -2(a1)
lw zero, 0(a0)
ret
