# The run from the entry goes through the target of the branch: control that falls in pays nothing.
addi a0, a0, 1
middle: addi a0, a0, 2
bltz a0, middle
ret
