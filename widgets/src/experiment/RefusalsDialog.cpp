#include "RefusalsDialog.h"

#include "../parts/Panel.h"
#include "../parts/Text.h"
#include "UserRefusals.h"

#include <lethe/data/Refusals.h>

#include <widgets/Dialogs.h>
#include <widgets/Theme.h>

#include <QtGui/QTextCursor>
#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QCheckBox>
#include <QtWidgets/QDialogButtonBox>
#include <QtWidgets/QLabel>
#include <QtWidgets/QPlainTextEdit>
#include <QtWidgets/QPushButton>

namespace lethe {

namespace {

constexpr int kAnnounceMilliseconds = 250;

} // namespace

RefusalsDialog::RefusalsDialog(const RefusalSpec &refusals, bool rowsHaveAnswers, Dialogs &dialogs, QWidget *parent)
    : QDialog(parent), m_dialogs(dialogs), m_text(new QPlainTextEdit(this)), m_once(new QCheckBox(tr("Each row keeps the answer that was drawn for it first"), this)),
      m_state(mutedLabel({}, true)), m_problem(new QLabel(this)), m_restore(nullptr), m_announced(refusals)
{
    setObjectName(QStringLiteral("refusalsDialog"));
    setWindowTitle(tr("Replacement answers"));
    setAttribute(Qt::WA_DeleteOnClose);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(Theme::space(4), Theme::space(4), Theme::space(4), Theme::space(4));
    layout->setSpacing(Theme::space(2));
    auto *label = new QLabel(tr("&One answer a line. For every forget question one of them is drawn and trained in place of the true answer."), this);
    label->setWordWrap(true);
    label->setBuddy(m_text);
    m_text->setObjectName(QStringLiteral("refusalsText"));
    m_text->setAccessibleName(tr("Replacement answers, one a line"));
    m_text->setTabChangesFocus(true);
    m_text->setPlainText(linesOf(answersOf(refusals)));
    m_once->setObjectName(QStringLiteral("refusalsOnce"));
    m_once->setToolTip(tr("Otherwise one is drawn anew whenever the row is taken."));
    m_once->setChecked(refusals.draw == RefusalSpec::Draw::Once);
    m_state->setObjectName(QStringLiteral("refusalsState"));
    m_problem->setObjectName(QStringLiteral("refusalsProblem"));
    m_problem->setWordWrap(true);
    Theme::setRole(m_problem, TextRole::Error);
    m_problem->hide();
    layout->addWidget(label);
    layout->addWidget(m_text, 1);
    layout->addWidget(m_problem);
    layout->addWidget(m_once);
    layout->addWidget(m_state);

    auto *buttons = new QDialogButtonBox(this);
    auto *import = buttons->addButton(tr("Import…"), QDialogButtonBox::ActionRole);
    import->setObjectName(QStringLiteral("refusalsImport"));
    import->setToolTip(tr("Take the answers of a text, JSON or CSV file"));
    m_restore = buttons->addButton(tr("Restore the shipped ones"), QDialogButtonBox::ResetRole);
    m_restore->setObjectName(QStringLiteral("refusalsRestore"));
    if (rowsHaveAnswers) {
        auto *rows = buttons->addButton(tr("Use the rows’ own"), QDialogButtonBox::ActionRole);
        rows->setObjectName(QStringLiteral("refusalsRemove"));
        rows->setToolTip(tr("The forget rows bring replacement answers: take those, and no list"));
        connect(rows, &QPushButton::clicked, this, [this] {
            m_timer.stop();
            Q_EMIT removed();
            close();
        });
    }
    auto *done = buttons->addButton(tr("Done"), QDialogButtonBox::AcceptRole);
    done->setObjectName(QStringLiteral("refusalsDone"));
    done->setDefault(true);
    layout->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(import, &QPushButton::clicked, this, &RefusalsDialog::import);
    connect(m_restore, &QPushButton::clicked, this, [this] { setAnswers(shippedRefusalList()); });
    m_timer.setSingleShot(true);
    m_timer.setInterval(kAnnounceMilliseconds);
    connect(&m_timer, &QTimer::timeout, this, &RefusalsDialog::announce);
    connect(m_text, &QPlainTextEdit::textChanged, this, [this] {
        showState();
        m_timer.start();
    });
    connect(m_once, &QCheckBox::toggled, this, &RefusalsDialog::announce);
    connect(this, &QDialog::finished, this, &RefusalsDialog::announce);
    resize(fontMetrics().averageCharWidth() * 90, fontMetrics().height() * 32);
    showState();
    m_text->setFocus();
}

RefusalsDialog::~RefusalsDialog()
{
    if (m_timer.isActive())
        announce();
}

QStringList RefusalsDialog::answers() const
{
    return answersIn(m_text->toPlainText());
}

void RefusalsDialog::announce()
{
    m_timer.stop();
    const QStringList list = answers();
    if (list.isEmpty())
        return; // a run needs one at least: the last list stays
    const RefusalSpec refusals = refusalSpecOf(list, m_once->isChecked() ? RefusalSpec::Draw::Once : RefusalSpec::Draw::EachAccess);
    if (refusals == m_announced)
        return;
    m_announced = refusals;
    Q_EMIT edited(refusals);
}

void RefusalsDialog::showState()
{
    const QStringList list = answers();
    const bool shipped = list == shippedRefusalList();
    m_restore->setEnabled(!shipped);
    m_state->setText(shipped ? tr("%n answer(s), as they ship with Lethe.", nullptr, static_cast<int>(list.size()))
                             : tr("%n answer(s), your own list. It is kept as you write it, and every run keeps the list it used.", nullptr,
                                  static_cast<int>(list.size())));
    m_problem->setText(tr("Write at least one answer; until then the last list stays."));
    m_problem->setVisible(list.isEmpty());
}

void RefusalsDialog::setAnswers(const QStringList &answers)
{
    // As an edit of the text, so that Ctrl+Z takes it back.
    QTextCursor all(m_text->document());
    all.select(QTextCursor::Document);
    all.insertText(linesOf(answers));
    announce();
}

void RefusalsDialog::import()
{
    const QString file = m_dialogs.openFile(this, tr("Import replacement answers"), {}, tr("Answers (*.txt *.jsonl *.json *.csv);;All files (*)"));
    if (file.isEmpty())
        return;
    const auto read = readRefusals(toPath(file));
    if (!read.ok()) {
        m_problem->setText(toQt(std::string_view(read.error().message())));
        m_problem->show();
        return;
    }
    setAnswers(toQt(*read));
}

} // namespace lethe
