// What a plug-in finds in the thalweg that is inside it.
#pragma once

struct Findings {
  const char* version;    ///< by the C interface
  const char* optimizer;  ///< the class' name to the linker
  double default_lr;      ///< RMSprop's
  double reached;         ///< from 4 down a parabola
  bool knows_lion;        ///< has it this rule?
  bool refuses_nan;       ///< with check=guard
};

extern "C" {
Findings first_plugin();
Findings second_plugin();
}
