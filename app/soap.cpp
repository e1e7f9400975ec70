/// \file
/// `sinter soap`: vectors of atoms or frames, or their similarities to reference structures, in batches, so that memory
/// does not grow with the file. Maps and selections, which need all vectors: soap_set.hpp.
#include <fmt/format.h>

#include <CLI/Error.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "chosen_frames.hpp"
#include "command.hpp"
#include "interrupt.hpp"
#include "json_report.hpp"
#include "kokkos_session.hpp"
#include "output_path.hpp"
#include "potential_file.hpp"
#include "progress.hpp"
#include "sinter/core/chemical_elements.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/file_output.hpp"
#include "sinter/core/version.hpp"
#include "sinter/soap/soap_evaluator.hpp"
#include "sinter/soap/soap_similarity.hpp"
#include "sinter/structures/descriptor_writer.hpp"
#include "sinter/structures/extxyz_writer.hpp"
#include "sinter/structures/reference_structures.hpp"
#include "soap_set.hpp"

namespace sinter::app {

namespace {

struct SoapOptions {
  FrameOptions structures;
  std::string preset = "paper-2022-scripts", convention = "quip", average = "none";
  std::optional<int> n_max, l_max;
  std::optional<double> cutoff, cutoff_width, sigma;
  double zeta = 4;
  SoapSetOptions set;
  std::string output;
  std::optional<std::string> radial, similarity, json;
  std::string precision = "double";
  std::string backend = backendName<Kokkos::DefaultExecutionSpace>();
  bool quiet = false;
};

/// What similarities are to, and what they have been.
struct References : ReferenceStructures {
  struct Range {
    double least = 1, most = 0, sum = 0;
  };
  std::vector<Range> ranges;
  std::size_t rows = 0;

  [[nodiscard]] std::size_t size() const { return names.size(); }

  void count(std::span<double const> similarities) {
    for (std::size_t k = 0; k < similarities.size(); ++k) {
      Range& range = ranges[k % size()];
      range.least = std::min(range.least, similarities[k]);
      range.most = std::max(range.most, similarities[k]);
      range.sum += similarities[k];
    }
    rows += similarities.size() / size();
  }

  [[nodiscard]] nlohmann::ordered_json json() const {
    auto result = nlohmann::ordered_json::array();
    for (std::size_t r = 0; r < size(); ++r)
      result.push_back({{"name", names[r]},
                        {"natoms", structures[r].size()},
                        {"similarity_min", ranges[r].least},
                        {"similarity_mean", ranges[r].sum / static_cast<double>(rows)},
                        {"similarity_max", ranges[r].most}});
    return result;
  }
};

/// One run of the command.
class Soap {
 public:
  explicit Soap(SoapOptions const& options) : _options(options) {}

  void run() {
    checkOutputs();
    _named = atomicNumbersOf(_options.structures.species);
    readSettings();
    ChosenFrames frames(_options.structures, _named);
    if (_options.set.given())
      _set.emplace(_options.set, _options.structures, _named, average() == SoapAverage::none, _options.zeta);
    KokkosSession const session;
    withBackend(_options.backend, [&]<class Space>() { evaluateFrames<Space>(frames); });
  }

 private:
  using Clock = std::chrono::steady_clock;

  static double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

  [[nodiscard]] SoapAverage average() const {
    if (_options.average == "inner") return SoapAverage::inner;
    return _options.average == "outer" ? SoapAverage::outer : SoapAverage::none;
  }

  [[nodiscard]] std::string radial() const { return _options.radial.value_or("gto"); }

  // Extensions that -o may have, and what they are for.
  [[nodiscard]] std::pair<std::vector<std::string>, std::string> outputKinds() const {
    if (_options.similarity) return {{".extxyz", ".xyz"}, "similarities"};
    if (!_options.set.given()) return {{".h5", ".hdf5"}, "vectors; similarities need --similarity"};
    if (_options.set.select && average() == SoapAverage::none)
      return {{".h5", ".hdf5", ".csv"}, "selected atoms; frames need --average inner or outer"};
    return {{".extxyz", ".xyz", ".h5", ".hdf5", ".csv"}, "maps and selections"};
  }

  void checkOutputs() const {
    if (_options.radial && _options.convention != "dscribe")
      throw InputError("--radial: found --convention " + _options.convention +
                       ", which has no choice; expected dscribe");
    if ((_options.similarity || _options.set.map) && _options.convention != "quip")
      throw InputError(std::string(_options.similarity ? "--similarity" : "--map") + ": found --convention " +
                       _options.convention + ", whose vectors have any length; expected quip");
    std::vector<std::string> taken = {_options.structures.file};
    if (_options.similarity) taken.push_back(*_options.similarity);
    std::string const kind = lowerExtension(_options.output);
    auto const [extensions, purpose] = outputKinds();
    if (std::find(extensions.begin(), extensions.end(), kind) == extensions.end())
      throw InputError(fmt::format("-o {}: found the extension '{}', expected {} ({})", _options.output, kind,
                                   fmt::join(extensions, " or "), purpose));
    checkOutputPath("-o", _options.output, taken);
    taken.push_back(_options.output);
    if (_options.json) checkOutputPath("--json", *_options.json, taken);
  }

  void readSettings() {
    _settings = soapPreset(_options.preset, 0);
    _settings.species.clear();
    if (_options.convention == "rascal") _settings.convention = SoapConvention::rascal;
    if (_options.convention == "dscribe") {
      _settings.convention = SoapConvention::dscribe;
      _settings.cutoff_width = 0;
      if (radial() == "polynomial") _settings.radial = SoapRadial::polynomial;
    }
    _settings.n_max = _options.n_max.value_or(_settings.n_max);
    _settings.l_max = _options.l_max.value_or(_settings.l_max);
    _settings.cutoff = _options.cutoff.value_or(_settings.cutoff);
    _settings.cutoff_width = _options.cutoff_width.value_or(_settings.cutoff_width);
    _settings.sigma = _options.sigma.value_or(_settings.sigma);
    std::set<std::int32_t> species;
    if (_options.similarity) {
      readReferences();
      for (std::size_t r = 0; r < _references.size(); ++r)
        addSpecies(_references.structures[r], _references.places[r], species);
      _species_source = "of " + *_options.similarity;
    } else if (!_named.empty()) {
      _settings.species = _named;
      _species_source = "of --species";
    } else {  // read once more instead of being kept
      ChosenFrames frames(_options.structures, _named);
      while (auto const frame = frames.next()) addSpecies(frame->structure, frame->name, species);
      frames.finish();
    }
    _settings.species.insert(_settings.species.end(), species.begin(), species.end());
    checkSoapSettings(_settings);
  }

  void readReferences() {
    static_cast<ReferenceStructures&>(_references) = readReferenceStructures(*_options.similarity, _named);
    _references.ranges.resize(_references.size());
  }

  static void addSpecies(Structure const& structure, std::string const& where, std::set<std::int32_t>& species) {
    species.insert(structure.species.begin(), structure.species.end());
    if (!species.empty() && *species.begin() < 0)
      throw InputError(where + ": found atom types without names, expected their elements in --species");
  }

  // As in --species.
  [[nodiscard]] std::string speciesText() const {
    std::string symbols;
    for (auto const z : _settings.species) symbols += (symbols.empty() ? "" : ",") + chemicalSymbol(z);
    return symbols;
  }

  void requireKnownSpecies(FrameBatch const& batch) const {
    for (std::size_t s = 0; s < batch.structures.size(); ++s)
      for (auto const species : batch.structures[s].species) {
        if (std::find(_settings.species.begin(), _settings.species.end(), species) != _settings.species.end()) continue;
        throw InputError(batch.names[s] + ": found " +
                         (species < 0 ? "atom types without names" : "species " + chemicalSymbol(species)) +
                         ", expected species " + _species_source + ": " + speciesText());
      }
  }

  template <class Space>
  void evaluateFrames(ChosenFrames& frames) {
    auto const begin = Clock::now();
    SoapEvaluator<Space> const soap(_settings, _options.precision == "mixed" ? Precision::mixed : Precision::full);
    if (_options.similarity)
      writeSimilarities(soap, frames);
    else if (_set)
      writeSet(soap, frames);
    else
      writeVectors(soap, frames);
    double const wall = seconds(Clock::now() - begin),
                 rate = static_cast<double>(frames.atoms()) / std::max(seconds(_evaluating), 1e-9);
    if (_options.json) writeReport(frames, soap.dimension(), wall, rate);
    if (!_options.quiet)
      fmt::print("{} frames, {} atoms in {:.3g} s ({:.3g} atom evaluations/s, {} components, {}, {})\n",
                 frames.frames(), frames.atoms(), wall, rate, soap.dimension(), _options.backend, _options.precision);
  }

  template <class Space>
  void writeVectors(SoapEvaluator<Space> const& soap, ChosenFrames& frames) {
    DescriptorWriter writer(_options.output, "/power_spectrum", static_cast<std::size_t>(soap.dimension()),
                            attributes());
    forEachFrame(
        soap, frames, static_cast<std::size_t>(soap.dimension()), [](auto const& vectors) { return vectors; },
        [&](std::span<double const> rows) { writer.append(rows); }, [&](Structure&) { writer.endFrame(); });
    writer.close();
  }

  template <class Space>
  void writeSimilarities(SoapEvaluator<Space> const& soap, ChosenFrames& frames) {
    SoapSimilarity<Space> const similarity(
        soap.evaluate(_references.structures, SoapAverage::inner, _references.places), soap.dimension(), _options.zeta);
    std::vector<std::string> keys;
    for (auto const& name : _references.names) keys.push_back("soap_similarity_" + name);
    ExtxyzWriter writer(_options.output);
    std::vector<double> rows;  // of a frame
    forEachFrame(
        soap, frames, keys.size(),
        [&](auto const& vectors) {
          typename SoapSimilarity<Space>::Similarities const result("sinter::app::similarities", vectors.extent(0),
                                                                    keys.size());
          similarity.evaluate(vectors, result);
          Space().fence("sinter::app::similarities");
          return result;
        },
        [&](std::span<double const> some) { rows.insert(rows.end(), some.begin(), some.end()); },
        [&](Structure& structure) {
          _references.count(rows);
          std::vector<StructureWriter::AtomColumn> columns;
          std::vector<std::vector<double>> values(keys.size());
          for (std::size_t r = 0; r < keys.size(); ++r) {
            if (average() != SoapAverage::none) {
              setFeature(structure, keys[r], fmt::format("{:.17g}", rows[r]));
              continue;
            }
            for (std::size_t k = r; k < rows.size(); k += keys.size()) values[r].push_back(rows[k]);
            columns.push_back({keys[r], values[r]});
          }
          writer.write(structure, columns);
          rows.clear();
        });
    writer.close();
  }

  template <class Space>
  void writeSet(SoapEvaluator<Space> const& soap, ChosenFrames& frames) {
    _set->begin(soap.dimension());
    forEachFrame(
        soap, frames, static_cast<std::size_t>(soap.dimension()), [](auto const& vectors) { return vectors; },
        [&](std::span<double const> rows) { _set->append(rows); }, [](Structure&) {});
    _set->template compute<Space>();
    _set->write(_options.output, attributes());
  }

  // Calls put(numbers) for the rows of a frame, some after others, and end(structure) behind its last; a row has the
  // `width` numbers that transform(vectors) gives, in the memory of `Space`.
  template <class Space, class Transform, class Put, class End>
  void forEachFrame(SoapEvaluator<Space> const& soap, ChosenFrames& frames, std::size_t width,
                    Transform const& transform, Put const& put, End const& end) {
    constexpr std::size_t numbers_per_batch = std::size_t{1} << 23, atoms_per_batch = 20'000;
    std::size_t const atoms =
        std::clamp<std::size_t>(numbers_per_batch / static_cast<std::size_t>(soap.dimension()), 1, atoms_per_batch);
    {
      Progress progress("soap", frames.size(), _options.quiet);
      while (auto batch = frames.nextBatch(atoms)) {
        requireKnownSpecies(*batch);
        std::size_t s = 0, done = 0;  // rows of structure s
        auto const rowsOf = [&](Structure const& structure) {
          return average() == SoapAverage::none ? structure.size() : 1;
        };
        auto const endFrames = [&] {  // also those without atoms
          for (; s < batch->structures.size() && done == rowsOf(batch->structures[s]); ++s, done = 0)
            end(batch->structures[s]);
        };
        auto const start = Clock::now();
        Clock::duration writing{};
        endFrames();
        soap.forEachVector(batch->structures, average(), batch->names, [&](std::size_t, auto const& vectors) {
          stopWhenInterrupted();
          auto const numbers = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), transform(vectors));
          auto const begin = Clock::now();
          for (std::span<double const> rest(numbers.data(), numbers.size()); !rest.empty(); endFrames()) {
            std::size_t const rows = std::min(rest.size() / width, rowsOf(batch->structures[s]) - done);
            put(rest.first(rows * width));
            rest = rest.subspan(rows * width);
            done += rows;
          }
          writing += Clock::now() - begin;
        });
        _evaluating += Clock::now() - start - writing;
        progress.update(frames.frames(), frames.atoms());
      }
    }
    frames.finish();
  }

  // What defines the vectors.
  [[nodiscard]] DescriptorWriter::Attributes attributes() const {
    DescriptorWriter::Attributes attributes = {
        {"sinter", std::string(version()) + " (" + gitCommit() + ")"},
        {"convention", _options.convention},
        {"average", _options.average},
        {"precision", _options.precision},
        {"units", "cutoff, cutoff_width, sigma: Angstrom; the vectors have none"},
        {"species", speciesText()},
        {"n_max", std::vector<std::int32_t>{_settings.n_max}},
        {"l_max", std::vector<std::int32_t>{_settings.l_max}},
        {"cutoff", _settings.cutoff},
        {"cutoff_width", _settings.cutoff_width},
        {"sigma", _settings.sigma}};
    if (_settings.convention == SoapConvention::dscribe) attributes.emplace_back("radial", radial());
    return attributes;
  }

  void writeReport(ChosenFrames const& frames, int dimension, double wall, double rate) const {
    nlohmann::ordered_json soap = {{"convention", _options.convention},
                                   {"average", _options.average},
                                   {"species", nlohmann::json::array()},
                                   {"n_max", _settings.n_max},
                                   {"l_max", _settings.l_max},
                                   {"cutoff", _settings.cutoff},
                                   {"cutoff_width", _settings.cutoff_width},
                                   {"sigma", _settings.sigma},
                                   {"components", dimension}};
    if (_settings.convention == SoapConvention::dscribe) soap["radial"] = radial();
    for (auto const z : _settings.species) soap["species"].push_back(chemicalSymbol(z));
    nlohmann::ordered_json report = {
        {"sinter", sinterJson(_options.backend, _options.precision)},
        {"structures", {{"file", _options.structures.file}, {"frames", frames.frames()}, {"atoms", frames.atoms()}}},
        {"soap", soap}};
    if (_options.similarity)
      report["similarity"] = {
          {"file", *_options.similarity}, {"zeta", _options.zeta}, {"references", _references.json()}};
    if (_set) _set->addTo(report);
    report["time"] = {{"wall_s", wall}, {"atom_evaluations_per_s", rate}};
    writeFile(*_options.json, toIndentedText(report));
  }

  SoapOptions const& _options;
  std::vector<std::int32_t> _named;  // --species
  SoapSettings _settings;
  std::string _species_source;  // for messages
  References _references;
  std::optional<SoapSet> _set;
  Clock::duration _evaluating{};
};

}  // namespace

void addSoapCommand(CLI::App& app) {
  auto const options = std::make_shared<SoapOptions>();
  CLI::App* const command = app.add_subcommand(
      "soap", "SOAP power spectra of atoms or frames, their similarities to reference structures, maps and selections");
  addFrameOptions(
      *command, options->structures, "STRUCTURES",
      "Elements of types 0, 1, ... (in LAMMPS files 1, 2, ...) where STRUCTURES or REF do not name them, as "
      "in Si,O; also the order of species in the vectors (else by atomic number)");
  command
      ->add_option(
          "--preset", options->preset,
          "What is not given below: cutoff 5 Angstrom, sigma 0.5 Angstrom, n_max 12, l_max 6 and cutoff width 1 "
          "Angstrom (paper-2022-scripts) or 2 Angstrom (paper-2022)")
      ->check(CLI::IsMember({"paper-2022", "paper-2022-scripts"}))
      ->capture_default_str();
  command
      ->add_option("--convention", options->convention,
                   "Of radial functions, lengths and order of components: quip (GAP, too), rascal (featomic, too) or "
                   "dscribe")
      ->check(CLI::IsMember({"quip", "rascal", "dscribe"}))
      ->capture_default_str();
  command
      ->add_option("--radial", options->radial,
                   "What spans dscribe's radial functions: orbitals (gto; the default) or powers of cutoff - r "
                   "(polynomial)")
      ->check(CLI::IsMember({"gto", "polynomial"}));
  command->add_option("--n-max", options->n_max, fmt::format("Radial functions, 1 to {}", SoapSettings::max_n));
  command->add_option("--l-max", options->l_max, fmt::format("Largest angular momentum, 0 to {}", SoapSettings::max_l));
  command->add_option("--cutoff", options->cutoff,
                      "Neighbours closer than that (Angstrom); in dscribe those up to 3.7 sigma further away, too");
  command->add_option("--cutoff-width", options->cutoff_width,
                      "Over which neighbours are switched off below the cutoff (Angstrom); dscribe: always 0");
  command->add_option("--sigma", options->sigma, "Width of the Gaussian of an atom (Angstrom)");
  auto* const average =
      command
          ->add_option("--average", options->average,
                       "A vector of each atom (none) or frame: of the mean density (inner; with --map and --select the "
                       "default), the mean of vectors (outer)")
          ->check(CLI::IsMember({"none", "inner", "outer"}))
          ->capture_default_str();
  auto* const similarity = command->add_option(
      "--similarity", options->similarity,
      "REF: frames with a name or config_type; to each of them (p.p')^zeta of every atom or frame, where p' is its "
      "inner average, as soap_similarity_<name>");
  addSoapSetOptions(*command, options->set);
  similarity->excludes("--map")->excludes("--select");
  auto* const zeta = command->add_option("--zeta", options->zeta, "Exponent of similarities")->capture_default_str();
  command
      ->add_option(
          "-o,--output", options->output,
          "HDF5 (.h5): /power_spectrum, /frames/offset; with --similarity extended XYZ: a column per reference "
          "or, with an average, a key of the comment line; with --map and --select either, or a table (.csv)")
      ->required();
  command->add_option("--json", options->json, "Report: settings, similarities, map or selection, provenance, time");
  addPrecisionOption(*command, options->precision);
  addBackendOption(*command, options->backend);
  command->add_flag("--quiet", options->quiet, "No progress and no summary");
  command->callback([options, average, zeta, max_memory = command->get_option("--max-memory")] {
    SoapSetOptions const& set = options->set;
    if (zeta->count() > 0 && !options->similarity && !set.map && set.select != "fps")
      throw CLI::RequiresError("--zeta", "--similarity, --map or --select fps");
    if (max_memory->count() > 0 && !set.given()) throw CLI::RequiresError("--max-memory", "--map or --select");
    if (average->count() == 0 && set.given()) options->average = "inner";
    runInterruptible<Soap>(*options);
  });
}

}  // namespace sinter::app
