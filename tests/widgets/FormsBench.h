#pragma once

#include <lethe/method/MethodCatalog.h>
#include <lethe/store/RunStore.h>

#include <widgets/Dialogs.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <QtCore/QDir>
#include <QtCore/QFile>
#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>
#include <QtWidgets/QApplication>

#include <memory>

namespace lethe::test {

/// Answers that a test laid out; a question with none is answered by backing out.
class FakeDialogs final : public Dialogs
{
public:
    QStringList files;
    QString savePath;
    QString folder;
    bool confirmed = false;
    std::optional<QString> text;
    QList<int> numbers;
    int choice = -1; ///< of several ways on; −1 backs out
    QStringList asked; ///< the titles and verbs of what was asked

    QStringList openFiles(QWidget *, const QString &title, const QString &, const QString &) override
    {
        asked << title;
        return files;
    }
    QString saveFile(QWidget *, const QString &title, const QString &, const QString &) override
    {
        asked << title;
        return savePath;
    }
    QString chooseFolder(QWidget *, const QString &title, const QString &) override
    {
        asked << title;
        return folder;
    }
    bool confirm(QWidget *, const QString &, const QString &, const QString &verb) override
    {
        asked << verb;
        return confirmed;
    }
    int choose(QWidget *, const QString &question, const QString &, const QStringList &, int) override
    {
        asked << question;
        return choice;
    }
    std::optional<QString> askText(QWidget *, const QString &title, const QString &, const QString &) override
    {
        asked << title;
        return text;
    }
    std::optional<int> askNumber(QWidget *, const QString &title, const QString &, int, int, int) override
    {
        asked << title;
        return numbers.isEmpty() ? std::nullopt : std::optional(numbers.takeFirst());
    }
};

/// A store in a temporary folder, a catalog, and the workspace on both.
class FormsBench
{
public:
    explicit FormsBench(const std::vector<std::filesystem::path> &plugins = {}) : catalog(MethodCatalog::scan(plugins))
    {
        auto opened = RunStore::open(path(QStringLiteral("store.sqlite")).toStdString());
        if (!opened.ok())
            qFatal("no store: %s", opened.error().message().c_str());
        store = std::move(*opened);
        workspace = std::make_unique<Workspace>(*store, catalog);
    }
    ~FormsBench() { workspace.reset(); }

    QString path(const QString &name) const { return QDir(folder.path()).filePath(name); }
    QString write(const QString &name, const QByteArray &content) const
    {
        QFile file(path(name));
        if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size())
            qFatal("cannot write %s", qPrintable(name));
        return file.fileName();
    }
    /// A new window on the same store: what was kept is what comes back.
    void restart()
    {
        workspace.reset();
        workspace = std::make_unique<Workspace>(*store, catalog);
    }

    QTemporaryDir folder;
    MethodCatalog catalog;
    std::unique_ptr<RunStore> store;
    std::unique_ptr<Workspace> workspace;
    FakeDialogs dialogs;
};

/// Pictures for the eye: both themes, into the folder that LETHE_GRAB_DIR names.
inline void grab(QWidget &widget, const QString &name, QSize size = {1120, 680})
{
    const QString folder = qEnvironmentVariable("LETHE_GRAB_DIR");
    if (folder.isEmpty())
        return;
    QDir().mkpath(folder);
    for (const auto &[theme, suffix] : {std::pair(ThemeChoice::Light, "light"), std::pair(ThemeChoice::Dark, "dark")}) {
        Theme::apply(*qApp, theme);
        widget.resize(size);
        widget.show();
        for (int turn = 0; turn < 10; ++turn)
            QCoreApplication::processEvents(QEventLoop::AllEvents, 30);
        widget.grab().save(QStringLiteral("%1/%2-%3.png").arg(folder, name, QLatin1String(suffix)));
    }
    Theme::apply(*qApp, ThemeChoice::Light);
}

} // namespace lethe::test
