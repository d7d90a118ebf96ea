"""RMSprop from Python by cffi and numpy, through thalweg's C interface: by_cffi.py c.h [libthalweg.so]"""

import re
import sys

import cffi
import numpy

ffi = cffi.FFI()
with open(sys.argv[1]) as header:  # cffi knows no preprocessor: what stands between `extern "C" {` and its end
    declarations = header.read().split('extern "C" {\n#endif\n')[1].split("#ifdef __cplusplus")[0]
ffi.cdef(re.sub(r"#define (.*\\\n)*.*|THALWEG_API", "", declarations))
thalweg = ffi.dlopen(sys.argv[2] if len(sys.argv) > 2 else "libthalweg.so.0.1")


def call(status):
    if status != thalweg.THALWEG_OK:
        raise RuntimeError(ffi.string(thalweg.thalweg_message()).decode())


position, gradient = numpy.array([4, -3], numpy.float32), numpy.zeros(2, numpy.float32)
optimizer, parameter = ffi.new("thalweg_optimizer **"), ffi.new("uint32_t *")
call(thalweg.thalweg_create(b"rmsprop:lr=0.01,alpha=0.9", ffi.NULL, optimizer))
call(thalweg.thalweg_add(optimizer[0], b"position", thalweg.THALWEG_F32, ffi.from_buffer(position), [2], 1, parameter))
step = ffi.new("thalweg_gradient *", {"struct_size": ffi.sizeof("thalweg_gradient"), "parameter": parameter[0],
                                      "values": ffi.from_buffer(gradient), "count": 2})
for _ in range(1000):
    gradient[:] = 2 * position[0], 20 * position[1]
    call(thalweg.thalweg_step(optimizer[0], step, 1, ffi.NULL, ffi.NULL))
thalweg.thalweg_destroy(optimizer[0])
print(f"reached ({position[0]:.5f}, {position[1]:.5f})")
sys.exit(0 if abs(position).sum() < 0.1 else 1)
