#pragma once

#include <QtCore/QString>
#include <QtCore/QStringList>

#include <optional>

class QWidget;

namespace lethe {

/// Every question that a page asks in a dialog of its own. The window hands in `SystemDialogs`; a test hands in the answers.
/// An empty text (or nullopt) means that the user backed out.
class Dialogs
{
public:
    virtual ~Dialogs();

    /// \p filter as QFileDialog spells it: `Data (*.jsonl *.json *.csv *.txt);;All files (*)`.
    virtual QStringList openFiles(QWidget *parent, const QString &title, const QString &folder, const QString &filter) = 0;
    QString openFile(QWidget *parent, const QString &title, const QString &folder, const QString &filter);
    virtual QString saveFile(QWidget *parent, const QString &title, const QString &suggestion, const QString &filter) = 0;
    virtual QString chooseFolder(QWidget *parent, const QString &title, const QString &folder) = 0;
    /// Before something is destroyed: \p verb is the button's text (`Delete run`); it is never the default.
    virtual bool confirm(QWidget *parent, const QString &question, const QString &detail, const QString &verb) = 0;
    /// One of several ways on; \p preferred is the default button. Its index, or -1 where the user backed out. A seam that
    /// knows no answer backs out.
    virtual int choose(QWidget *parent, const QString &question, const QString &detail, const QStringList &verbs, int preferred);
    /// One line of text.
    virtual std::optional<QString> askText(QWidget *parent, const QString &title, const QString &label, const QString &initial) = 0;
    /// A whole number within bounds.
    virtual std::optional<int> askNumber(QWidget *parent, const QString &title, const QString &label, int initial, int minimum, int maximum) = 0;
};

/// Qt's own dialogs.
class SystemDialogs final : public Dialogs
{
public:
    QStringList openFiles(QWidget *parent, const QString &title, const QString &folder, const QString &filter) override;
    QString saveFile(QWidget *parent, const QString &title, const QString &suggestion, const QString &filter) override;
    QString chooseFolder(QWidget *parent, const QString &title, const QString &folder) override;
    bool confirm(QWidget *parent, const QString &question, const QString &detail, const QString &verb) override;
    int choose(QWidget *parent, const QString &question, const QString &detail, const QStringList &verbs, int preferred) override;
    std::optional<QString> askText(QWidget *parent, const QString &title, const QString &label, const QString &initial) override;
    std::optional<int> askNumber(QWidget *parent, const QString &title, const QString &label, int initial, int minimum, int maximum) override;
};

} // namespace lethe
