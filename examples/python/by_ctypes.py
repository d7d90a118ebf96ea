"""RMSprop from Python by ctypes and thalweg's C interface: by_ctypes.py [libthalweg.so]"""

import ctypes
import sys

thalweg = ctypes.CDLL(sys.argv[1] if len(sys.argv) > 1 else "libthalweg.so.0.1")
thalweg.thalweg_message.restype = ctypes.c_char_p


class Gradient(ctypes.Structure):  # thalweg_gradient in thalweg/c.h
    _fields_ = [("struct_size", ctypes.c_size_t), ("parameter", ctypes.c_uint32), ("dtype", ctypes.c_int32),
                ("values", ctypes.c_void_p), ("count", ctypes.c_uint64),
                ("rows", ctypes.c_void_p), ("row_count", ctypes.c_uint64)]


def call(name, *arguments):
    if getattr(thalweg, "thalweg_" + name)(*arguments) != 0:
        raise RuntimeError(thalweg.thalweg_message().decode())


position, gradient = (ctypes.c_float * 2)(4, -3), (ctypes.c_float * 2)()
optimizer, step = ctypes.c_void_p(), Gradient(ctypes.sizeof(Gradient), count=2)
call("create", b"rmsprop:lr=0.01,alpha=0.9", None, ctypes.byref(optimizer))
parameter = ctypes.c_uint32()
call("add", optimizer, b"position", 0, position, (ctypes.c_int64 * 1)(2), ctypes.c_size_t(1), ctypes.byref(parameter))
step.parameter, step.values = parameter.value, ctypes.addressof(gradient)
for _ in range(1000):
    gradient[:] = [2 * position[0], 20 * position[1]]
    call("step", optimizer, ctypes.byref(step), ctypes.c_size_t(1), None, None)
thalweg.thalweg_destroy(optimizer)
print(f"reached ({position[0]:.5f}, {position[1]:.5f})")
sys.exit(0 if abs(position[0]) + abs(position[1]) < 0.1 else 1)
