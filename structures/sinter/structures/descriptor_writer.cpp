#include "sinter/structures/descriptor_writer.hpp"

#include <algorithm>

#include "sinter/structures/hdf5_columns.hpp"

namespace sinter {

namespace {

detail::RowShape vectorShape(std::size_t length) {
  constexpr std::size_t numbers_per_chunk = std::size_t{1} << 17;
  return {{length}, std::max<std::size_t>(1, numbers_per_chunk / length)};
}

}  // namespace

class DescriptorWriter::File {
 public:
  File(std::string const& file, std::string const& dataset, std::size_t length, Attributes const& attributes)
      : _output(file, detail::Hdf5Output::Start::empty),
        _offset(_output, "/frames/offset", {}),
        _vectors(_output, dataset, vectorShape(length)) {
    for (auto const& [name, value] : attributes)
      std::visit([&](auto const& content) { _output.setAttribute(_output.id(), name, content); }, value);
    _offset.append(0);
  }

  void append(std::span<double const> rows) { _vectors.append(rows); }
  void endFrame() { _offset.append(static_cast<std::int64_t>(_vectors.rows())); }

  void close() {
    _offset.close();
    _vectors.close();
    _output.close();
  }

 private:
  detail::Hdf5Output _output;  // before what is in it, to be closed after it
  detail::ColumnWriter<std::int64_t> _offset;
  detail::ColumnWriter<double> _vectors;
};

DescriptorWriter::DescriptorWriter(std::string const& file, std::string const& dataset, std::size_t length,
                                   Attributes const& attributes)
    : _data(std::make_unique<File>(file, dataset, length, attributes)) {}
DescriptorWriter::~DescriptorWriter() = default;

void DescriptorWriter::append(std::span<double const> rows) { _data->append(rows); }

void DescriptorWriter::endFrame() { _data->endFrame(); }

void DescriptorWriter::close() { _data->close(); }

}  // namespace sinter
