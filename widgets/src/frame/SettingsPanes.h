#pragma once

class QWidget;

namespace lethe {

class Dialogs;
class WindowActions;
class Workspace;

/// Folders, plugins with their errors, reload.
QWidget *makePluginsPane(Workspace &workspace, Dialogs &dialogs, QWidget *parent);
/// All actions with their keys: record one, conflicts named, reset.
QWidget *makeKeysPane(WindowActions &actions, QWidget *parent);
/// Versions, device, licences, no network, Copy diagnostics.
QWidget *makeAboutPane(QWidget *parent);

} // namespace lethe
