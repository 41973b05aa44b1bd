mul a0, a1, a2
mulh a3, a1, a2
mulhsu a4, a1, a2
mulhu a5, a1, a2
ret
