#include "sinter/structures/descriptor_arrays.hpp"

#include "sinter/structures/hdf5_columns.hpp"

namespace sinter {

void writeDescriptorArrays(std::string const& file, std::span<DescriptorArray const> arrays,
                           DescriptorWriter::Attributes const& attributes) {
  detail::Hdf5Output output(file, detail::Hdf5Output::Start::empty);
  for (auto const& [name, value] : attributes)
    std::visit([&](auto const& content) { output.setAttribute(output.id(), name, content); }, value);
  for (auto const& array : arrays)
    std::visit(
        [&]<class T>(std::vector<T> const& values) {
          detail::RowShape shape;
          if (array.width > 0) shape.dimensions.push_back(array.width);
          detail::ColumnWriter<T> writer(output, array.path, shape);
          writer.append(values);
          writer.close();
        },
        array.values);
  output.close();
}

}  // namespace sinter
