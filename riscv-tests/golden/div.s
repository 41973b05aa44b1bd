# The guards against zero and overflow.
div a0, a1, a2
rem a3, a1, a2
ret
