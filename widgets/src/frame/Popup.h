#pragma once

#include <QtWidgets/QFrame>

class QVBoxLayout;

namespace lethe {

/// A panel over the window that closes when the user clicks or tabs elsewhere, or presses Esc.
class Popup : public QFrame
{
    Q_OBJECT

public:
    explicit Popup(const QString &title, QWidget *parent = nullptr);

    /// Above \p anchor, its left edges aligned, kept inside the screen.
    void showAbove(QWidget *anchor);
    QVBoxLayout *body() { return m_body; }

protected:
    void keyPressEvent(QKeyEvent *event) override;

private:
    QVBoxLayout *m_body;
};

} // namespace lethe
