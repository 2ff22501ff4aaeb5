#pragma once

#include <QtGui/QIcon>
#include <QtWidgets/QAbstractButton>
#include <QtWidgets/QFrame>

#include <map>

class QToolButton;
class QVBoxLayout;

namespace lethe {

/// One screen in the rail: icon, name, and a short sign at the right.
class RailButton final : public QAbstractButton
{
    Q_OBJECT

public:
    RailButton(const QString &title, const QString &icon, const QString &shortcut, QWidget *parent = nullptr);

    void setBadge(const QString &badge);
    void setFolded(bool folded);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;
    void enterEvent(QEnterEvent *event) override;
    void leaveEvent(QEvent *event) override;

private:
    void describe();

    QIcon m_usual;
    QIcon m_current;
    QString m_shortcut;
    QString m_badge;
    bool m_folded = false;
};

/// The ten screens, one under the other; below them the settings and the fold.
class Rail final : public QFrame
{
    Q_OBJECT

public:
    explicit Rail(QWidget *parent = nullptr);

    void addPage(const QString &id, const QString &title, const QString &icon, const QString &shortcut);
    void setCurrent(const QString &id);
    void setBadge(const QString &id, const QString &badge);
    void setFolded(bool folded);
    bool isFolded() const { return m_folded; }

Q_SIGNALS:
    void pageChosen(const QString &id);
    void settingsChosen();
    void foldedChanged();

private:
    QVBoxLayout *m_pages;
    QToolButton *m_settings;
    QToolButton *m_fold;
    std::map<QString, RailButton *> m_buttons;
    bool m_folded = false;
};

} // namespace lethe
