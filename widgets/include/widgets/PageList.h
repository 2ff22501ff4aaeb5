#pragma once

#include <QtCore/QString>

#include <functional>
#include <vector>

class QWidget;

namespace lethe {

class Dialogs;
class Page;
class Workspace;

/// One place in the rail and how its page is made.
struct PageEntry {
    QString id;    ///< object name of the page: `pageLive`
    QString title; ///< in the rail
    QString icon;  ///< of resources/icons
    std::function<Page *(Workspace &, Dialogs &, QWidget *)> make;
};

/// The ten screens in the rail's order.
std::vector<PageEntry> pageList();

} // namespace lethe
