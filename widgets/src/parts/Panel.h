#pragma once

#include <QtWidgets/QFrame>

class QHBoxLayout;
class QLabel;
class QVBoxLayout;

namespace lethe {

/// A panel one step off the window's own colour, with a title where it has one.
class Panel final : public QFrame
{
    Q_OBJECT

public:
    explicit Panel(const QString &title = {}, QWidget *parent = nullptr);

    QVBoxLayout *body() const { return m_body; }
    void setTitle(const QString &title);
    /// A widget at the right end of the title's line.
    void addToTitle(QWidget *widget);
    /// A drop target lights up.
    void setLit(bool lit);

private:
    QLabel *m_title;
    QHBoxLayout *m_titleLine;
    QVBoxLayout *m_body;
};

/// A label of one role; wraps where asked.
QLabel *mutedLabel(const QString &text = {}, bool wraps = false);
QLabel *headingLabel(const QString &text);
QLabel *captionLabel(const QString &text = {}, bool wraps = false);

} // namespace lethe
