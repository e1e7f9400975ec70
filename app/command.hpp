/// \file
/// The subcommands of `sinter`: each `add` function declares options and what runs when they have been read.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace sinter::app {

/// `sinter analyze TRAJECTORY`: structural metrics along a trajectory, and their report.
void addAnalyzeCommand(CLI::App& app);

/// `sinter convert IN OUT`: structures from one kind of file into another.
void addConvertCommand(CLI::App& app);

/// `sinter eval POTENTIAL STRUCTURES`: energies, forces and virials of a file, and their errors.
void addEvalCommand(CLI::App& app);

/// `sinter fit SETTINGS`: a moment tensor potential from labelled structures.
void addFitCommand(CLI::App& app);

/// `sinter info [FILE]`: this build, a potential or a structure file in short.
void addInfoCommand(CLI::App& app);

/// `sinter relax POTENTIAL STRUCTURES`: positions, or positions and cells under pressure, to a minimum of the enthalpy.
void addRelaxCommand(CLI::App& app);

/// `sinter soap STRUCTURES`: SOAP vectors, similarities to reference structures, maps and selections.
void addSoapCommand(CLI::App& app);

/// `sinter validate SETTINGS`: potentials judged by their physics, and the report.
void addValidateCommand(CLI::App& app);

}  // namespace sinter::app
