divu a0, a1, a2
remu a3, a1, a2
ret
