# Turns the preprocessed rk.h (IN) into C source that holds it as the string rk_cdef (OUT).
file(READ ${IN} text)
string(REPLACE "\\" "\\\\" text "${text}")
string(REPLACE "\"" "\\\"" text "${text}")
string(REPLACE "\n" "\\n\"\n\"" text "${text}")
file(WRITE ${OUT} "extern const char rk_cdef[];\nconst char rk_cdef[] = \"${text}\";\n")
