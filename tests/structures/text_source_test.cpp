#include "sinter/structures/text_source.hpp"

#include <gtest/gtest.h>
#include <lzma.h>
#include <zlib.h>

#include <clocale>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "../core/temporary_folder.hpp"
#include "sinter/core/error.hpp"

namespace sinter {
namespace {

using test::messageOf;
using test::TemporaryFolder;

std::vector<std::string> linesOf(std::string const& file) {
  TextSource source(file);
  std::vector<std::string> lines;
  while (auto const line = source.next()) lines.emplace_back(*line);
  return lines;
}

std::string xz(std::string const& text) {
  std::string packed(lzma_stream_buffer_bound(text.size()), '\0');
  std::size_t size = 0;
  auto* const to = reinterpret_cast<std::uint8_t*>(packed.data());
  auto const* const from = reinterpret_cast<std::uint8_t const*>(text.data());
  EXPECT_EQ(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, nullptr, from, text.size(), to, &size, packed.size()),
            LZMA_OK);
  packed.resize(size);
  return packed;
}

std::string gz(std::string const& text) {
  z_stream encoder{};
  EXPECT_EQ(deflateInit2(&encoder, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&encoder, text.size()), '\0');
  std::string input = text;
  encoder.next_in = reinterpret_cast<Bytef*>(input.data());
  encoder.avail_in = static_cast<uInt>(input.size());
  encoder.next_out = reinterpret_cast<Bytef*>(packed.data());
  encoder.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&encoder, Z_FINISH), Z_STREAM_END);
  packed.resize(encoder.total_out);
  deflateEnd(&encoder);
  return packed;
}

// A tar archive: header, content, zeros up to the block, two blocks of zeros.
std::string tarMember(std::string const& content, char kind = '0') {
  std::string header(512, '\0');
  header.replace(0, 5, "a.cfg");
  char size[13];
  std::snprintf(size, sizeof(size), "%011lo", static_cast<unsigned long>(content.size()));
  header.replace(124, 11, size, 11);
  header[156] = kind;
  header.replace(257, 5, "ustar");
  return header + content + std::string((512 - content.size() % 512) % 512, '\0');
}
std::string tar(std::string const& members) { return members + std::string(1024, '\0'); }

std::string manyLines() {
  std::string text;
  for (int i = 0; i < 40000; ++i)
    text += "line " + std::to_string(i) + " " + std::string(std::size_t(i % 50), 'x') + "\n";
  return text;
}

TEST(TextSource, EndsOfLines) {
  TemporaryFolder const folder;
  EXPECT_EQ(linesOf(folder.write("a", "")), std::vector<std::string>{});
  EXPECT_EQ(linesOf(folder.write("a", "\n")), std::vector<std::string>{""});
  EXPECT_EQ(linesOf(folder.write("a", "a\r\n\r\nb c\nd\r")), (std::vector<std::string>{"a", "", "b c", "d"}));
  EXPECT_EQ(linesOf(folder.write("a",
                                 "\xEF\xBB\xBF"
                                 "8\nx")),
            (std::vector<std::string>{"8", "x"}));
}

TEST(TextSource, KnowsWhereItStands) {
  TemporaryFolder const folder;
  std::string const file = folder.write("a.txt", "one\n \t\n\nfour\n");
  TextSource source(file);
  EXPECT_EQ(source.line(), 0U);
  EXPECT_EQ(source.next(), "one");
  EXPECT_EQ(source.where(), file + ":1");
  EXPECT_EQ(source.nextNonblank(), "four");
  EXPECT_EQ(source.line(), 4U);
  source.repeat();
  EXPECT_EQ(source.next(), "four");
  EXPECT_EQ(source.line(), 4U);
  EXPECT_EQ(messageOf<InputError>([&] { source.fail("this", "that"); }), file + ":4: found this, expected that");
  EXPECT_EQ(messageOf<InputError>([&] { (void)source.number("nan", "a number (eV)"); }),
            file + ":4: found 'nan', expected a number (eV)");
  EXPECT_FALSE(source.next().has_value());
  EXPECT_FALSE(source.next().has_value());
}

TEST(TextSource, CompressedFilesReadAsPlainOnes) {
  TemporaryFolder const folder;
  std::string const text = manyLines();
  auto const expected = linesOf(folder.write("a.txt", text));
  ASSERT_EQ(expected.size(), 40000U);
  EXPECT_EQ(linesOf(folder.write("a.xz", xz(text))), expected);
  EXPECT_EQ(linesOf(folder.write("a.gz", gz(text))), expected);
  std::size_t const half = text.size() / 2 + 3;  // within a line
  EXPECT_EQ(linesOf(folder.write("a.xz", xz(text.substr(0, half)) + xz(text.substr(half)))), expected);
  EXPECT_EQ(linesOf(folder.write("a.gz", gz(text.substr(0, half)) + gz(text.substr(half)))), expected);
  EXPECT_EQ(linesOf(folder.write("a.gz", gz(text) + std::string(1000, '\0'))), expected);
  EXPECT_EQ(linesOf(folder.write("a.gz", gz(""))), std::vector<std::string>{});
  EXPECT_EQ(linesOf(folder.write("a.xz", xz(""))), std::vector<std::string>{});
}

TEST(TextSource, TruncatedStreamsAreErrorsAtEveryByte) {
  TemporaryFolder const folder;
  std::string const text = "8\ncomment\nSi 0 0 0\n";
  for (auto const& [name, packed] : {std::pair{"a.xz", xz(text)}, std::pair{"a.gz", gz(text)}})
    for (std::size_t size = 0; size < packed.size(); ++size) {
      std::string const file = folder.write(name, packed.substr(0, size));
      std::string const message = messageOf<InputError>([&] { (void)linesOf(file); });
      EXPECT_NE(message.find("truncated"), std::string::npos) << name << " " << size << ": " << message;
    }
}

TEST(TextSource, CorruptStreamsAreErrors) {
  TemporaryFolder const folder;
  std::string const text = manyLines();
  for (auto const& [name, packed] : {std::pair{"a.xz", xz(text)}, std::pair{"a.gz", gz(text)}})
    for (std::size_t const at : {packed.size() / 3, packed.size() / 2, packed.size() - 6}) {
      std::string spoilt = packed;
      spoilt[at] = static_cast<char>(spoilt[at] ^ 0x55);
      EXPECT_THROW((void)linesOf(folder.write(name, spoilt)), InputError) << name << " " << at;
    }
}

TEST(TextSource, FilesThatAreNotText) {
  TemporaryFolder const folder;
  struct Case {
    std::string file, fragment;
  };
  std::string const two = tarMember("BEGIN_CFG\n") + tarMember("b\n");
  std::vector<Case> const cases = {
      {folder / "missing.xyz", "No such file"},
      {folder / "missing.xz", "No such file"},
      {folder / "", "a directory"},
      {folder.write("text.xz", "8\na comment line\n"), "something else than an .xz stream"},
      {folder.write("text.gz", "8\ncomment\n"), "a corrupt .gz stream"},
      {folder.write("behind.gz", gz("8\n") + "more"), "other bytes behind a .gz stream"},
      {folder.write("behind.xz", xz("8\n") + "more"), ".xz stream"},
      {folder.write("long.gz", gz(std::string(TextSource::longest_line + 2, '1'))), "more than 64 MiB"},
      {folder.write("two.tar", tar(two)), "a tar archive of several files"},
      {folder.write("cut.tar", tarMember(std::string(2000, 'x')).substr(0, 1200)), "a truncated tar archive"},
      {folder.write("folder.tar", tar(tarMember("", '5'))), "first member is not a plain file"},
  };
  for (auto const& [file, fragment] : cases) {
    std::string const message = messageOf<InputError>([&, name = file] { (void)linesOf(name); });
    EXPECT_TRUE(message.starts_with(file)) << message;
    EXPECT_NE(message.find(fragment), std::string::npos) << message;
    EXPECT_NE(message.find("expected"), std::string::npos) << message;
  }
}

TEST(TextSource, AnArchiveOfOneFileReadsAsThatFile) {
  TemporaryFolder const folder;
  for (std::string const& text : {std::string("BEGIN_CFG\nend"), manyLines(), std::string(512, 'a'), std::string()})
    EXPECT_EQ(linesOf(folder.write("b.xz", xz(tar(tarMember(text))))), linesOf(folder.write("a", text)));
}

TEST(ParseNumber, WholeWordsOnly) {
  EXPECT_EQ(parseNumber("1"), 1.0);
  EXPECT_EQ(parseNumber("+1.5"), 1.5);
  EXPECT_EQ(parseNumber("-2.5E-3"), -2.5e-3);
  EXPECT_EQ(parseNumber(".5"), 0.5);
  EXPECT_EQ(parseNumber("4.9406564584124654e-324"), 4.9406564584124654e-324);
  EXPECT_TRUE(std::signbit(parseNumber("-0.0").value()));
  for (auto const* const none : {"", "+", "-", "+-1", "1.0.0", "1,5", "0x10", "1e", "1e400", "-1e400", "nan", "-inf",
                                 "infinity", "1.0D+00", "12a", " 1", "1 ", "****", "1e99999999999999999999"})
    EXPECT_FALSE(parseNumber(none).has_value()) << none;
}

TEST(ParseNumber, TooSmallIsZero) {
  for (auto const* const tiny : {"1e-400", "2e-324", "0.001e-323", "1e-99999999999999999999"})
    EXPECT_EQ(parseNumber(tiny), 0.0) << tiny;
  EXPECT_TRUE(std::signbit(parseNumber("-1e-400").value()));
  EXPECT_EQ(parseNumber("0." + std::string(400, '0') + "1"), 0.0);
  EXPECT_FALSE(parseNumber("1" + std::string(400, '0') + "e-20").has_value());
  EXPECT_EQ(parseNumber("1" + std::string(400, '0') + "e-400"), 1.0);
}

TEST(ParseNumber, TheLocaleDoesNotMatter) {
  bool const german = std::setlocale(LC_ALL, "de_DE.UTF-8") != nullptr;
  EXPECT_EQ(parseNumber("1.5"), 1.5);
  EXPECT_FALSE(parseNumber("1,5").has_value());
  std::setlocale(LC_ALL, "C");
  if (!german) GTEST_SKIP() << "no German locale here: checked in the C locale only";
}

TEST(ParseInteger, WholeWordsOnly) {
  EXPECT_EQ(parseInteger("+12"), 12);
  EXPECT_EQ(parseInteger("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  for (auto const* const none : {"", "1.0", "1e3", "9223372036854775808", "0x1", "a"})
    EXPECT_FALSE(parseInteger(none).has_value()) << none;
}

TEST(InQuotes, ShortAndPrintable) {
  EXPECT_EQ(inQuotes("a\tb\x01"), "'a?b?'");
  EXPECT_EQ(inQuotes(std::string(100, 'a')), "'" + std::string(60, 'a') + "...'");
}

}  // namespace
}  // namespace sinter
