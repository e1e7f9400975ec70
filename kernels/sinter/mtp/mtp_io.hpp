/// \file
/// Reading and writing `.mtp` files (MLIP-2 1.1.0 and MLIP-3 text).
///
/// The format. A file is `MTP`, then `key = value` entries; white space and line breaks are free inside lists, and
/// lines may be megabytes long. Both `min_dist` and `min_val`, `max_dist` and `max_val`, `radial_basis_size` and
/// `basis_size` are understood. A scaling after `radial_basis_type` multiplies the one before it. The coefficients of
/// an untrained template are absent. An `.almtp` file is read up to its active set (mtp_active_set.hpp), whose size is
/// checked; what is written has none. `potential_name` is written as one word, with _ for white space, because MLIP-3
/// takes the first word only. MLIP-3 also wants the highest mu of `alpha_index_basic` to be radial_funcs_count - 1,
/// which a pruned table may break; readMtp does not mind.
///
/// Which element a type is. MLIP-2 files know types 0, 1, ... only. Sinter keeps atomic numbers through files with
///
///     potential_tag = species Si O
///
/// (chemical symbols in the order of types), which other programs skip as a comment. It is written when
/// `MtpModel::species` is not empty and `potential_tag` is empty or itself of this form (a tag of somebody else's is
/// kept and the names are lost), and sets `MtpModel::species` when read; `potential_tag` then holds the text as it
/// stands. The lines `z1-z2` above the radial coefficients hold types when written. When read they may also hold atomic
/// numbers, as MLIP-3 writes them: then all are at least 1, types are numbered in the order in which the atomic numbers
/// first appear, and `MtpModel::species` is set. The pairs may stand in any order, but each ordered pair stands exactly
/// once.
#pragma once

#include <string>

#include "sinter/mtp/mtp_model.hpp"

namespace sinter {

/// Reads an `.mtp` (or the text part of an `.almtp`) file.
///
/// Nothing is allocated from a count before it has been checked against the size of the file. The result has passed
/// `checkMtpModel`. Lengths are in Angstrom and energies in eV, as in the file.
/// \throws InputError "file:line: key: found ..., expected ..." for a file that is missing, unreadable or damaged, or
/// that needs what Sinter does not have (an unknown radial basis, magnetism).
///
/// Source: MLIP-2 1.1.0 and MLIP-3 files; ../shared/design/mtp.md section 2. Cost: linear in the size of the file.
[[nodiscard]] MtpModel readMtp(std::string const& file);

/// The same from text in memory; `name` stands for the file in messages.
[[nodiscard]] MtpModel parseMtp(std::string const& text, std::string const& name);

/// Writes `model` so that MLIP-2, MLIP-3 and `readMtp` read it, numbers with 17 significant digits (bitwise the same
/// when read back). Written to a temporary name beside `file` and renamed.
/// \throws InputError when `model` does not pass `checkMtpModel`, SystemError when the file cannot be written.
void writeMtp(MtpModel const& model, std::string const& file);

/// The text that `writeMtp` writes.
/// \throws InputError when `model` does not pass `checkMtpModel`.
[[nodiscard]] std::string formatMtp(MtpModel const& model);

}  // namespace sinter
