"""Highway as a Conan package of the shape that ConanCenter's has, around the system's library, so that a test needs no network."""

from conan import ConanFile


class HighwayConan(ConanFile):
    name = "highway"
    version = "1.0.3"
    settings = "os", "arch", "compiler", "build_type"

    def package_info(self):
        self.cpp_info.components["hwy"].system_libs = ["hwy"]
        self.cpp_info.components["hwy"].defines = ["HWY_SHARED_DEFINE"]
        self.cpp_info.components["hwy_contrib"].system_libs = ["hwy_contrib"]
        self.cpp_info.components["hwy_contrib"].requires = ["hwy"]
        for component in self.cpp_info.components.values():
            component.includedirs = component.libdirs = component.bindirs = []
