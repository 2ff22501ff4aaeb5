#pragma once

class QTableView;

namespace lethe {

/// Rows of one height, no grid, quiet row numbers: how every table of the pages looks.
void polishTable(QTableView *table);
/// Makes columns as wide as their headers at least, and lets headers that people have narrowed end in `…`.
void fitHeaders(QTableView *table);

} // namespace lethe
