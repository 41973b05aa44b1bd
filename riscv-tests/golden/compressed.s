# profile: compressed
# Two bytes long, otherwise what they expand to; the link is two bytes on.
c.li a0, 1
c.addi a0, 3
c.lw a1, 4(a0)
c.jalr a1
c.bnez a0, over
c.ebreak
over: c.jr ra
