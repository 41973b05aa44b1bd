# Every condition; each fall-through is an arrival and charged.
beq a0, a1, done
bne a0, a1, done
blt a0, a1, done
bge a0, a1, done
bltu a0, a1, done
bgeu a0, a1, done
done: j over
over: ret
