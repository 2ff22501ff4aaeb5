#pragma once

class QTableView;

namespace lethe {

/// Rows of one height, no grid, quiet row numbers: how every table of the pages looks.
void polishTable(QTableView *table);

} // namespace lethe
