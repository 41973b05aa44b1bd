# Alignment is checked, then the word is read, changed and written.
amoadd.w a0, a2, (a1)
amoswap.w a0, a2, (a1)
amoxor.w a0, a2, (a1)
amoand.w a0, a2, (a1)
amoor.w a0, a2, (a1)
ret
