// The C interface: what R, Rust, Go, Fortran, Java and Python wrap. Plain C11; no exception leaves it.
//
// Every call but those that return text or nothing returns a status and leaves a message, which thalweg_message() gives
// to the same thread until its next call. A call that does not return THALWEG_OK has changed nothing, unless it says
// otherwise. An optimizer takes one call at a time; different optimizers are independent.
//
// Structs carry their size in front, so that programs and libraries of different versions understand each other: a
// program sets `struct_size` to sizeof its own struct, as the _INIT macros do. What a newer program has behind the end
// that this library knows must be 0; what an older program lacks has the value that _INIT gives it.
#ifndef THALWEG_C_H
#define THALWEG_C_H

#include <thalweg/api.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum thalweg_status {
  THALWEG_OK = 0,
  THALWEG_REFUSED = 1,    ///< an argument is not allowed, or a file or a state is not as it must be; the message says
  THALWEG_NO_MEMORY = 2,  ///< memory fails
  THALWEG_FAILED = 3      ///< anything else: a defect of the library; the message says what is known
} thalweg_status;

/// Types of elements; where calls and structs take one it is an int32_t.
typedef enum thalweg_dtype { THALWEG_F32 = 0, THALWEG_F64 = 1 } thalweg_dtype;

/// What became of a step.
typedef enum thalweg_outcome {
  THALWEG_APPLIED = 0,
  THALWEG_ACCUMULATED = 1,  ///< the gradients were added to those of the calls before; a later call steps
  THALWEG_NON_FINITE = 2,   ///< refused by check=guard: a gradient holds an infinity or a NaN
  THALWEG_OVERFLOW = 3,     ///< refused by check=guard: a gradient's square would be infinite in the parameter's type
  THALWEG_BY_RULE = 4       ///< the rule's own sums said that there is no step to take
} thalweg_outcome;

/// Which norms a step reports.
typedef enum thalweg_reporting { THALWEG_NO_NORMS = 0, THALWEG_TOTALS = 1 } thalweg_reporting;

typedef struct thalweg_optimizer thalweg_optimizer;

/// How steps are run. It changes no bit of the result, but that the back-end `reference` computes f32 in double.
typedef struct thalweg_execution {
  size_t struct_size;
  int32_t threads;      ///< for a step; 0: one per available core
  int32_t reporting;    ///< a thalweg_reporting
  const char* backend;  ///< NULL: the fastest instruction set of the machine; else its name, or `reference`
} thalweg_execution;
#define THALWEG_EXECUTION_INIT \
  { sizeof(thalweg_execution), 0, THALWEG_NO_NORMS, NULL }

/// The gradient of one parameter: all of it, or some of its rows. The library only reads it, and only during the call.
typedef struct thalweg_gradient {
  size_t struct_size;  ///< of an array's elements all the same
  uint32_t parameter;  ///< what thalweg_add gave
  int32_t dtype;       ///< a thalweg_dtype: the parameter's own
  const void* values;  ///< `count` of them, in the parameter's order
  uint64_t count;
  const int64_t* rows;  ///< NULL: all of it. Else values[i * width …] is row rows[i], width = count / row_count; rows
                        ///< that are not named are zero, rows named twice are summed, and the step equals the dense one
  uint64_t row_count;
} thalweg_gradient;
#define THALWEG_GRADIENT_INIT \
  { sizeof(thalweg_gradient), 0, THALWEG_F32, NULL, 0, NULL, 0 }

/// What a step did. Norms are NaN where nothing has asked for them.
typedef struct thalweg_report {
  size_t struct_size;
  int32_t outcome;        ///< a thalweg_outcome; thalweg_message() says why nothing was applied
  int32_t reserved;       ///< 0
  double gradient_norm;   ///< L2, of all gradients together, before clipping
  double update_norm;     ///< of what the step added to the parameters that it stepped
  double parameter_norm;  ///< of the parameters that it stepped, after the step
  double clip_factor;     ///< what clipping by norms multiplied the gradients by; 1: nothing was clipped by a norm
  uint64_t non_finite;    ///< elements of gradients that are infinite or NaN; 0 with check=off
  int64_t refused_steps;  ///< so far
} thalweg_report;
#define THALWEG_REPORT_INIT \
  { sizeof(thalweg_report), THALWEG_APPLIED, 0, 0, 0, 0, 1, 0, 0 }

/// `0.1.0`.
THALWEG_API const char* thalweg_version(void);
/// What this thread's last call left: why it was refused, or why a step that is OK applied nothing; else "". Valid
/// until the thread's next call.
THALWEG_API const char* thalweg_message(void);
/// Frees what a call has allocated for the caller. NULL is allowed.
THALWEG_API void thalweg_free(void* memory);

/// Makes an optimizer of a description, as `adamw:lr=1e-3 clip=global_norm:1 group[*.bias]=weight_decay=0` (the grammar
/// of thalweg::parse_description). `execution` may be NULL.
THALWEG_API thalweg_status thalweg_create(const char* description, const thalweg_execution* execution,
                                          thalweg_optimizer** optimizer);
/// NULL is allowed.
THALWEG_API void thalweg_destroy(thalweg_optimizer* optimizer);
/// The description as text, with all that has been changed since; to be freed by thalweg_free.
THALWEG_API thalweg_status thalweg_describe(const thalweg_optimizer* optimizer, char** description);

/// Adds a parameter of `dimensions` sizes, the slowest first, in row-major order (no sizes: a single number). The
/// memory must stay where it is until thalweg_remove or thalweg_rebind. Its group is the first whose pattern fits the
/// name.
THALWEG_API thalweg_status thalweg_add(thalweg_optimizer* optimizer, const char* name, int32_t dtype, void* data,
                                       const int64_t* sizes, size_t dimensions, uint32_t* parameter);
/// Tells where the parameter's memory now is; type and length stay the same, and so does its state.
THALWEG_API thalweg_status thalweg_rebind(thalweg_optimizer* optimizer, uint32_t parameter, int32_t dtype, void* data,
                                          uint64_t count);
/// Forgets the parameter and its state.
THALWEG_API thalweg_status thalweg_remove(thalweg_optimizer* optimizer, uint32_t parameter);
/// Steps that the parameter has taken.
THALWEG_API thalweg_status thalweg_step_number(const thalweg_optimizer* optimizer, uint32_t parameter, int64_t* steps);

/// One step with these gradients; parameters without one are left alone. `loss` may be NULL unless the rule needs it,
/// and `report` always. A step that check=guard or the rule refuses is THALWEG_OK: the report's outcome says so.
THALWEG_API thalweg_status thalweg_step(thalweg_optimizer* optimizer, const thalweg_gradient* gradients, size_t count,
                                        const double* loss, thalweg_report* report);
/// The same in parts: a gradient at a time, in any order, as backward gives them. Refused where a step must see all
/// gradients first (clipping by the global norm, check=guard, accumulation, …).
THALWEG_API thalweg_status thalweg_begin_step(thalweg_optimizer* optimizer, const double* loss);
THALWEG_API thalweg_status thalweg_update(thalweg_optimizer* optimizer, const thalweg_gradient* gradient);
THALWEG_API thalweg_status thalweg_end_step(thalweg_optimizer* optimizer, thalweg_report* report);

/// Sets an option of one group (the first group's name is "", another's its pattern), or of every group whose rule has
/// it (`group` NULL; `lr` is then multiplied by each group's lr_scale).
THALWEG_API thalweg_status thalweg_set_option(thalweg_optimizer* optimizer, const char* group, const char* option,
                                              double value);
/// The option's value as it stands: of `lr` the rate in force. `group` NULL: the first group.
THALWEG_API thalweg_status thalweg_get_option(const thalweg_optimizer* optimizer, const char* group, const char* option,
                                              double* value);
/// What a schedule is told of the run: steps of an epoch, from 1, and of the whole run; 0 is not known.
THALWEG_API thalweg_status thalweg_set_run_length(thalweg_optimizer* optimizer, int64_t steps_per_epoch, int64_t steps);
/// What a schedule with a plateau looks at, after each epoch usually.
THALWEG_API thalweg_status thalweg_see_metric(thalweg_optimizer* optimizer, double metric);

/// Exchanges every parameter with its average: once to evaluate the averages, and again to go on.
THALWEG_API thalweg_status thalweg_swap_averages(thalweg_optimizer* optimizer);

/// The whole state but for the parameters, as the bytes of a safetensors file; to be freed by thalweg_free.
THALWEG_API thalweg_status thalweg_state(const thalweg_optimizer* optimizer, void** bytes, size_t* size);
/// Takes a state over, with its options. Parameters are matched by name, and must be the same.
THALWEG_API thalweg_status thalweg_load_state(thalweg_optimizer* optimizer, const void* bytes, size_t size);
/// The same by a file, which is replaced atomically. Names are UTF-8.
THALWEG_API thalweg_status thalweg_save(const thalweg_optimizer* optimizer, const char* file);
THALWEG_API thalweg_status thalweg_load(thalweg_optimizer* optimizer, const char* file);

#ifdef __cplusplus
}
#endif

#endif
