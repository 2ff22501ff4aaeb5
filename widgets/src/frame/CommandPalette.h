#pragma once

#include <QtCore/QAbstractListModel>
#include <QtCore/QPointer>
#include <QtGui/QIcon>
#include <QtWidgets/QFrame>

#include <functional>
#include <vector>

class QLineEdit;
class QListView;
class QLabel;
class QSettings;

namespace lethe {

/// One thing that the palette can do.
struct Command {
    QString id;       ///< stable: what was used last is remembered by it
    QString text;
    QString group;    ///< `Screen`, `Run`, a page's title …
    QString shortcut;
    QIcon icon;
    bool enabled = true;
    std::function<void()> act;
    std::function<void()> actOther; ///< Ctrl+Enter, where that makes sense
};

/// The commands that fit what was typed, the best first; with nothing typed, those used last first.
class CommandModel final : public QAbstractListModel
{
    Q_OBJECT

public:
    enum Role { GroupRole = Qt::UserRole, ShortcutRole };

    using QAbstractListModel::QAbstractListModel;

    void setCommands(std::vector<Command> commands, const QStringList &lastUsed);
    void addCommands(std::vector<Command> commands);
    void setQuery(const QString &query);
    /// What `#12` finds beside the rest: made when it is asked for.
    void setNumbered(std::function<std::vector<Command>(int)> numbered) { m_numbered = std::move(numbered); }
    const Command *command(int row) const;
    const std::vector<Command> &all() const { return m_commands; }

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    Qt::ItemFlags flags(const QModelIndex &index) const override;

private:
    void choose();

    std::vector<Command> m_commands;
    QStringList m_lastUsed;
    QString m_query;
    std::function<std::vector<Command>(int)> m_numbered;
    std::vector<Command> m_ofNumber; ///< they stand before what fits
    std::vector<std::size_t> m_fitting;
};

/// `Ctrl+K`: type a few letters, Enter acts.
class CommandPalette final : public QFrame
{
    Q_OBJECT

public:
    CommandPalette(QSettings &settings, QWidget *window);

    /// \p later are asked for once it is open (they may take a moment) and added with `addCommands`.
    void open(std::vector<Command> commands);
    void addCommands(std::vector<Command> commands);
    CommandModel &model() { return *m_model; }

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void act(bool other);
    void close();
    void place();

    QSettings &m_settings;
    QLineEdit *m_input;
    QListView *m_list;
    QLabel *m_nothing;
    CommandModel *m_model;
    QPointer<QWidget> m_before; ///< had the focus
};

} // namespace lethe
