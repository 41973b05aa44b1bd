lr.w a0, (a1)
sc.w a2, a3, (a1)
ret
