#pragma once

#include <widgets/Workspace.h>

#include <QtWidgets/QFrame>

class QVBoxLayout;

namespace lethe {

/// News, the gravest first: one message is shown, the others unfold. Messages of the same key replace each other and count.
class MessageBar final : public QFrame
{
    Q_OBJECT

public:
    explicit MessageBar(QWidget *parent = nullptr);

    void post(const Message &message);
    void dismiss(const QString &key);
    int count() const { return static_cast<int>(m_shown.size()); }
    /// The text of the message on top; empty where there is none.
    QString topText() const;
    int repeats() const; ///< of the message on top, 1 for the first

private:
    struct Shown {
        Message message;
        int repeats = 1;
        bool detailsOpen = false;
        int order = 0;
    };
    void rebuild();
    QWidget *makeRow(std::size_t index, int hidden);
    void remove(int order);

    QVBoxLayout *m_rows;
    std::vector<Shown> m_shown; ///< gravest first, the newest first among equals
    bool m_unfolded = false;
    int m_order = 0;
};

} // namespace lethe
