#include <widgets/Dialogs.h>

#include <widgets/Theme.h>

#include <QtWidgets/QFileDialog>
#include <QtWidgets/QInputDialog>
#include <QtWidgets/QMessageBox>
#include <QtWidgets/QPushButton>

namespace lethe {

namespace {

/// The theme's own sign: the style's is drawn in the colours of another desktop.
void showSign(QMessageBox &box, const QIcon &sign)
{
    box.setIconPixmap(sign.pixmap(QSize(Theme::space(8), Theme::space(8)), box.devicePixelRatioF()));
}

} // namespace

Dialogs::~Dialogs() = default;

QString Dialogs::openFile(QWidget *parent, const QString &title, const QString &folder, const QString &filter)
{
    return openFiles(parent, title, folder, filter).value(0);
}

QStringList SystemDialogs::openFiles(QWidget *parent, const QString &title, const QString &folder, const QString &filter)
{
    return QFileDialog::getOpenFileNames(parent, title, folder, filter);
}

QString SystemDialogs::saveFile(QWidget *parent, const QString &title, const QString &suggestion, const QString &filter)
{
    return QFileDialog::getSaveFileName(parent, title, suggestion, filter);
}

QString SystemDialogs::chooseFolder(QWidget *parent, const QString &title, const QString &folder)
{
    return QFileDialog::getExistingDirectory(parent, title, folder);
}

bool SystemDialogs::confirm(QWidget *parent, const QString &question, const QString &detail, const QString &verb)
{
    QMessageBox box(QMessageBox::NoIcon, QString(), question, QMessageBox::Cancel, parent);
    showSign(box, Theme::icon(QStringLiteral("warning"), Theme::warning));
    box.setInformativeText(detail);
    QPushButton *act = box.addButton(verb, QMessageBox::AcceptRole);
    act->setAutoDefault(false);
    box.setDefaultButton(QMessageBox::Cancel);
    box.setEscapeButton(QMessageBox::Cancel);
    box.exec();
    return box.clickedButton() == act;
}

int Dialogs::choose(QWidget *, const QString &, const QString &, const QStringList &, int)
{
    return -1;
}

int SystemDialogs::choose(QWidget *parent, const QString &question, const QString &detail, const QStringList &verbs, int preferred)
{
    QMessageBox box(QMessageBox::NoIcon, QString(), question, QMessageBox::NoButton, parent);
    showSign(box, Theme::icon(QStringLiteral("help"), Theme::accent));
    box.setInformativeText(detail);
    QList<QPushButton *> buttons;
    for (const QString &verb : verbs)
        buttons << box.addButton(verb, QMessageBox::ActionRole);
    if (preferred >= 0 && preferred < buttons.size())
        box.setDefaultButton(buttons[preferred]);
    QPushButton *out = box.addButton(QMessageBox::Cancel); // for Esc alone: each way on has a button of its own
    out->hide();
    box.setEscapeButton(out);
    box.exec();
    return static_cast<int>(buttons.indexOf(qobject_cast<QPushButton *>(box.clickedButton())));
}

std::optional<QString> SystemDialogs::askText(QWidget *parent, const QString &title, const QString &label, const QString &initial)
{
    bool accepted = false;
    const QString text = QInputDialog::getText(parent, title, label, QLineEdit::Normal, initial, &accepted);
    return accepted ? std::optional(text) : std::nullopt;
}

std::optional<int> SystemDialogs::askNumber(QWidget *parent, const QString &title, const QString &label, int initial, int minimum,
                                            int maximum)
{
    bool accepted = false;
    const int number = QInputDialog::getInt(parent, title, label, initial, minimum, maximum, 1, &accepted);
    return accepted ? std::optional(number) : std::nullopt;
}

} // namespace lethe
