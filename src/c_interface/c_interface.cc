// The C interface: each call is one of Optimizer's, with its errors as a status and a message.
#include <thalweg/c.h>
#include <thalweg/optimizer.h>
#include <thalweg/version.h>

#include "c_interface/structs.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <limits>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

struct thalweg_optimizer {
  thalweg::Optimizer engine;
};

namespace {

using thalweg::Error;
using thalweg::Handle;
using thalweg::Optimizer;

// Its text, or, where memory has failed, words that need none.
thread_local std::string message_text;
thread_local const char* message = "";

void leave_message(const char* text) noexcept {
  try {
    message_text = text;
    message = message_text.c_str();
  } catch (const std::bad_alloc&) {
    message = "out of memory";
  }
}

/// Runs a call's body, which no exception leaves.
template <class Body>
thalweg_status guarded(const Body& body) noexcept {
  message = "";
  try {
    body();
    return THALWEG_OK;
  } catch (const std::bad_alloc&) {
    message = "out of memory";
    return THALWEG_NO_MEMORY;
  } catch (const Error& error) {
    leave_message(error.what());
    return THALWEG_REFUSED;
  } catch (const std::exception& error) {
    leave_message(error.what());
  } catch (...) {
    message = "an exception of an unknown type";
  }
  return THALWEG_FAILED;
}

/// What a pointer of the caller points to. `call` and `name` say which one is missing.
template <class T>
T& at(T* pointer, const char* call, const char* name) {
  if (pointer == nullptr) throw Error(std::string(call) + ": " + name + " is NULL");
  return *pointer;
}

template <class T>
std::span<T> span_of(T* values, std::uint64_t count, const char* call, const char* name) {
  if (count > PTRDIFF_MAX / sizeof(T)) {
    throw Error(std::string(call) + ": " + std::to_string(count) + " elements of " + name +
                " are more than memory has");
  }
  if (count > 0) at(values, call, name);
  return {values, static_cast<std::size_t>(count)};
}

/// Gives `use` the memory as elements of the type that the caller names; Void may be const.
template <class Void, class Use>
auto with_dtype(std::int32_t dtype, Void* memory, const char* call, const Use& use) {
  constexpr bool kConst = std::is_const_v<Void>;
  switch (dtype) {
    case THALWEG_F32:
      return use(static_cast<std::conditional_t<kConst, const float, float>*>(memory));
    case THALWEG_F64:
      return use(static_cast<std::conditional_t<kConst, const double, double>*>(memory));
    default:
      throw Error(std::string(call) + ": dtype = " + std::to_string(dtype) +
                  " is none of THALWEG_F32 (0) and THALWEG_F64 (1)");
  }
}

// Sizes of the structs' first versions: a version that adds members leaves these as they are.
constexpr std::size_t kFirstGradient = offsetof(thalweg_gradient, row_count) + sizeof(std::uint64_t),
                      kFirstReport = offsetof(thalweg_report, refused_steps) + sizeof(std::int64_t),
                      kFirstExecution = offsetof(thalweg_execution, backend) + sizeof(const char*);

thalweg::Gradient read_gradient(const void* memory, const char* call) {
  const thalweg_gradient defaults = THALWEG_GRADIENT_INIT;
  const thalweg_gradient gradient = thalweg::read_struct(memory, defaults, kFirstGradient, "thalweg_gradient");
  const Handle handle{gradient.parameter};
  return with_dtype(gradient.dtype, gradient.values, call, [&]<class T>(const T* elements) -> thalweg::Gradient {
    const std::span<const T> values = span_of(elements, gradient.count, call, "a gradient's values");
    if (gradient.rows == nullptr) return {handle, values};
    return {handle, thalweg::Rows<T>{span_of(gradient.rows, gradient.row_count, call, "a gradient's rows"), values}};
  });
}

std::vector<thalweg::Gradient> read_gradients(const thalweg_gradient* gradients, std::size_t count, const char* call) {
  std::vector<thalweg::Gradient> result;
  if (count == 0) return result;
  const std::size_t size = at(gradients, call, "gradients").struct_size;
  result.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto* const memory = reinterpret_cast<const std::byte*>(gradients) + i * size;
    if (const std::size_t own = thalweg::size_of_struct(memory); own != size) {
      throw Error(std::string(call) + ": gradient " + std::to_string(i) + " has struct_size = " + std::to_string(own) +
                  ", the first " + std::to_string(size) + ": they must be the same");
    }
    result.push_back(read_gradient(memory, call));
  }
  return result;
}

std::optional<double> loss_of(const double* loss) { return loss == nullptr ? std::nullopt : std::optional(*loss); }

void check_report(const thalweg_report* report) {
  const thalweg_report defaults = THALWEG_REPORT_INIT;
  if (report != nullptr) (void)thalweg::read_struct(report, defaults, kFirstReport, "thalweg_report");
}

// After the step, which nothing may undo: it throws nothing.
void write_report(const Optimizer& engine, thalweg_report* report) noexcept {
  const thalweg::StepReport& step = engine.report();
  if (!step.refused.empty()) leave_message(step.refused.c_str());
  if (report == nullptr) return;
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  thalweg_report values = THALWEG_REPORT_INIT;
  values.outcome = static_cast<std::int32_t>(step.outcome);
  values.gradient_norm = step.gradient_norm.value_or(kNone);
  values.update_norm = step.update_norm.value_or(kNone);
  values.parameter_norm = step.parameter_norm.value_or(kNone);
  values.clip_factor = step.clip_factor;
  values.non_finite = step.non_finite;
  values.refused_steps = engine.refused_steps();
  thalweg::write_struct(report, values);
}

static_assert(static_cast<int>(thalweg::Outcome::applied) == THALWEG_APPLIED &&
              static_cast<int>(thalweg::Outcome::accumulated) == THALWEG_ACCUMULATED &&
              static_cast<int>(thalweg::Outcome::non_finite) == THALWEG_NON_FINITE &&
              static_cast<int>(thalweg::Outcome::overflow) == THALWEG_OVERFLOW &&
              static_cast<int>(thalweg::Outcome::by_rule) == THALWEG_BY_RULE);

thalweg::Execution execution_of(const thalweg_execution* given) {
  thalweg::Execution execution;
  if (given == nullptr) return execution;
  const thalweg_execution defaults = THALWEG_EXECUTION_INIT;
  const thalweg_execution read = thalweg::read_struct(given, defaults, kFirstExecution, "thalweg_execution");
  if (read.reporting != THALWEG_NO_NORMS && read.reporting != THALWEG_TOTALS) {
    throw Error("thalweg_create: reporting = " + std::to_string(read.reporting) +
                " is none of THALWEG_NO_NORMS (0) and THALWEG_TOTALS (1)");
  }
  execution.threads = read.threads;
  execution.report = read.reporting == THALWEG_TOTALS ? thalweg::Reporting::totals : thalweg::Reporting::none;
  if (read.backend != nullptr) execution.backend = read.backend;
  return execution;
}

thalweg::Shape shape_of(const std::int64_t* sizes, std::size_t dimensions, const char* name) {
  const std::span<const std::int64_t> given = span_of(sizes, dimensions, "thalweg_add", "sizes");
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (given[i] < 0) {
      throw Error("thalweg_add: " + std::string(name) + ": size " + std::to_string(i) + " = " +
                  std::to_string(given[i]) + " is below 0");
    }
  }
  return thalweg::Shape(std::vector<std::int64_t>(given.begin(), given.end()));
}

/// A copy that thalweg_free frees.
template <class T>
T* copy_for_caller(const void* bytes, std::size_t size) {
  void* copy = std::malloc(size > 0 ? size : 1);
  if (copy == nullptr) throw std::bad_alloc();
  std::memcpy(copy, bytes, size);
  return static_cast<T*>(copy);
}

std::filesystem::path path_of(const char* file, const char* call) {
  return reinterpret_cast<const char8_t*>(&at(file, call, "file"));
}

}  // namespace

const char* thalweg_version(void) { return THALWEG_VERSION; }

const char* thalweg_message(void) { return message; }

void thalweg_free(void* memory) { std::free(memory); }

thalweg_status thalweg_create(const char* description, const thalweg_execution* execution,
                              thalweg_optimizer** optimizer) {
  return guarded([&] {
    thalweg_optimizer*& result = at(optimizer, "thalweg_create", "optimizer");
    const char* text = &at(description, "thalweg_create", "description");
    result = new thalweg_optimizer{Optimizer(thalweg::parse_description(text), execution_of(execution))};
  });
}

void thalweg_destroy(thalweg_optimizer* optimizer) { delete optimizer; }

thalweg_status thalweg_describe(const thalweg_optimizer* optimizer, char** description) {
  return guarded([&] {
    char*& result = at(description, "thalweg_describe", "description");
    const std::string text = at(optimizer, "thalweg_describe", "optimizer").engine.description().text();
    result = copy_for_caller<char>(text.c_str(), text.size() + 1);
  });
}

thalweg_status thalweg_add(thalweg_optimizer* optimizer, const char* name, int32_t dtype, void* data,
                           const int64_t* sizes, size_t dimensions, uint32_t* parameter) {
  return guarded([&] {
    Optimizer& engine = at(optimizer, "thalweg_add", "optimizer").engine;
    std::uint32_t& result = at(parameter, "thalweg_add", "parameter");
    const char* own_name = &at(name, "thalweg_add", "name");
    const thalweg::Shape shape = shape_of(sizes, dimensions, own_name);
    result = with_dtype(dtype, data, "thalweg_add", [&](auto* elements) {
      return engine.add(own_name, span_of(elements, shape.elements(), "thalweg_add", "data"), shape).index;
    });
  });
}

thalweg_status thalweg_rebind(thalweg_optimizer* optimizer, uint32_t parameter, int32_t dtype, void* data,
                              uint64_t count) {
  return guarded([&] {
    Optimizer& engine = at(optimizer, "thalweg_rebind", "optimizer").engine;
    with_dtype(dtype, data, "thalweg_rebind", [&](auto* elements) {
      engine.rebind(Handle{parameter}, span_of(elements, count, "thalweg_rebind", "data"));
    });
  });
}

thalweg_status thalweg_remove(thalweg_optimizer* optimizer, uint32_t parameter) {
  return guarded([&] { at(optimizer, "thalweg_remove", "optimizer").engine.remove(Handle{parameter}); });
}

thalweg_status thalweg_step_number(const thalweg_optimizer* optimizer, uint32_t parameter, int64_t* steps) {
  return guarded([&] {
    at(steps, "thalweg_step_number", "steps") =
        at(optimizer, "thalweg_step_number", "optimizer").engine.step_number(Handle{parameter});
  });
}

thalweg_status thalweg_step(thalweg_optimizer* optimizer, const thalweg_gradient* gradients, size_t count,
                            const double* loss, thalweg_report* report) {
  return guarded([&] {
    Optimizer& engine = at(optimizer, "thalweg_step", "optimizer").engine;
    check_report(report);
    engine.step(read_gradients(gradients, count, "thalweg_step"), loss_of(loss));
    write_report(engine, report);
  });
}

thalweg_status thalweg_begin_step(thalweg_optimizer* optimizer, const double* loss) {
  return guarded([&] { at(optimizer, "thalweg_begin_step", "optimizer").engine.begin_step(loss_of(loss)); });
}

thalweg_status thalweg_update(thalweg_optimizer* optimizer, const thalweg_gradient* gradient) {
  return guarded([&] {
    Optimizer& engine = at(optimizer, "thalweg_update", "optimizer").engine;
    engine.update(read_gradient(&at(gradient, "thalweg_update", "gradient"), "thalweg_update"));
  });
}

thalweg_status thalweg_end_step(thalweg_optimizer* optimizer, thalweg_report* report) {
  return guarded([&] {
    Optimizer& engine = at(optimizer, "thalweg_end_step", "optimizer").engine;
    check_report(report);
    engine.end_step();
    write_report(engine, report);
  });
}

thalweg_status thalweg_set_option(thalweg_optimizer* optimizer, const char* group, const char* option, double value) {
  return guarded([&] {
    Optimizer& engine = at(optimizer, "thalweg_set_option", "optimizer").engine;
    const char* name = &at(option, "thalweg_set_option", "option");
    group == nullptr ? engine.set(name, value) : engine.set(engine.group(group), name, value);
  });
}

thalweg_status thalweg_get_option(const thalweg_optimizer* optimizer, const char* group, const char* option,
                                  double* value) {
  return guarded([&] {
    const Optimizer& engine = at(optimizer, "thalweg_get_option", "optimizer").engine;
    const char* name = &at(option, "thalweg_get_option", "option");
    const thalweg::Group which = group == nullptr ? thalweg::Group{} : engine.group(group);
    at(value, "thalweg_get_option", "value") = engine.options(which).get(name);
  });
}

thalweg_status thalweg_set_run_length(thalweg_optimizer* optimizer, int64_t steps_per_epoch, int64_t steps) {
  return guarded([&] {
    at(optimizer, "thalweg_set_run_length", "optimizer")
        .engine.set_run_length({.steps_per_epoch = steps_per_epoch, .steps = steps});
  });
}

thalweg_status thalweg_see_metric(thalweg_optimizer* optimizer, double metric) {
  return guarded([&] { at(optimizer, "thalweg_see_metric", "optimizer").engine.see_metric(metric); });
}

thalweg_status thalweg_swap_averages(thalweg_optimizer* optimizer) {
  return guarded([&] { at(optimizer, "thalweg_swap_averages", "optimizer").engine.swap_averages(); });
}

thalweg_status thalweg_state(const thalweg_optimizer* optimizer, void** bytes, size_t* size) {
  return guarded([&] {
    void*& result = at(bytes, "thalweg_state", "bytes");
    std::size_t& length = at(size, "thalweg_state", "size");
    const std::vector<std::byte> state =
        thalweg::safetensors::to_bytes(at(optimizer, "thalweg_state", "optimizer").engine.state());
    result = copy_for_caller<void>(state.data(), state.size());
    length = state.size();
  });
}

thalweg_status thalweg_load_state(thalweg_optimizer* optimizer, const void* bytes, size_t size) {
  return guarded([&] {
    Optimizer& engine = at(optimizer, "thalweg_load_state", "optimizer").engine;
    engine.load(thalweg::safetensors::from_bytes(
        span_of(static_cast<const std::byte*>(bytes), size, "thalweg_load_state", "bytes"), "thalweg_load_state"));
  });
}

thalweg_status thalweg_save(const thalweg_optimizer* optimizer, const char* file) {
  return guarded([&] { at(optimizer, "thalweg_save", "optimizer").engine.save(path_of(file, "thalweg_save")); });
}

thalweg_status thalweg_load(thalweg_optimizer* optimizer, const char* file) {
  return guarded([&] { at(optimizer, "thalweg_load", "optimizer").engine.load(path_of(file, "thalweg_load")); });
}
