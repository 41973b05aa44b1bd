# Each instruction computes on loaded values, so that nothing is constant.
add a0, a1, a2
sub a0, a0, a2
sll a0, a0, a2
slt a3, a0, a2
sltu a4, a0, a2
xor a0, a0, a3
srl a0, a0, a2
sra a0, a0, a2
or a0, a0, a4
and a0, a0, a2
addi a0, a0, -7
slti a3, a0, 5
sltiu a4, a0, -5
xori a0, a0, -1
ori a0, a0, 0x55
andi a0, a0, 0xff
slli a0, a0, 3
srli a0, a0, 4
srai a0, a0, 5
fence
add zero, a0, a1
ret
