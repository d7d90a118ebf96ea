// What a plug-in tells of the thalweg that it was built with; PLUGIN_NAME is the plug-in's.
#pragma once

struct Findings {
  const char* version;     // by the C interface
  const char* namespaces;  // typeid of Optimizer
  double default_lr;       // of RMSprop
  double reached;          // where 1000 steps down a parabola have led, from 4
  int knows_lion;
};

extern "C" Findings PLUGIN_NAME();
