#include "DataPagePrivate.h"

#include "../parts/Panel.h"
#include "FlagBar.h"
#include "LengthHistogram.h"
#include "SampleAnalysis.h"
#include "SampleTableModel.h"
#include "SampleView.h"
#include "SetPanel.h"
#include "TokenStrip.h"

#include <widgets/Theme.h>

#include <QtGui/QAction>
#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QMenu>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QSpinBox>
#include <QtWidgets/QSplitter>
#include <QtWidgets/QToolButton>

namespace lethe {

namespace {

/// A button that is an action: text, shortcut in the tool tip, enabled as the action is.
QPushButton *actionButton(QAction *action, QWidget *parent)
{
    auto *button = new QPushButton(action->icon(), action->text(), parent);
    button->setObjectName(action->objectName() + QStringLiteral("Button"));
    button->setToolTip(action->toolTip());
    button->setEnabled(action->isEnabled());
    QObject::connect(button, &QPushButton::clicked, action, &QAction::trigger);
    QObject::connect(action, &QAction::enabledChanged, button, &QPushButton::setEnabled);
    return button;
}

} // namespace

QAction *DataPage::Private::add(const QString &objectName, const QString &text, const QString &icon, const QString &tip,
                                const QKeySequence &keys, void (Private::*act)())
{
    auto *action = new QAction(Theme::icon(icon), text, &page);
    action->setObjectName(objectName);
    action->setStatusTip(tip);
    action->setToolTip(keys.isEmpty() ? tip : tip + QStringLiteral("  ") + keys.toString(QKeySequence::NativeText));
    action->setShortcut(keys);
    action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    page.addAction(action);
    QObject::connect(action, &QAction::triggered, &page, [this, act] { (this->*act)(); });
    return action;
}

void DataPage::Private::buildActions()
{
    const auto key = [](auto... keys) { return QKeySequence((... | keys)); };
    page.addPageAction(add(QStringLiteral("actionDataSaveAs"), tr("Save as…"), QStringLiteral("save"),
                           tr("Write the set in front to a JSON Lines file"), QKeySequence::Save, &Private::saveAs));
    page.addPageAction(add(QStringLiteral("actionDataImport"), tr("Import…"), QStringLiteral("import"),
                           tr("Read rows from JSON Lines, JSON, CSV or plain text"), key(Qt::CTRL, Qt::Key_I), &Private::importFiles), true);
    add(QStringLiteral("actionDataNewSet"), tr("New set…"), QStringLiteral("plus"), tr("Keep these sets under their name and begin empty ones"), {}, &Private::newSet);
    add(QStringLiteral("actionDataRenameSet"), tr("Rename set…"), QStringLiteral("edit"), tr("Give the pair of sets another name"), {}, &Private::renameSet);

    moveRight = add(QStringLiteral("actionDataMoveToRetain"), tr("to retain"), QStringLiteral("arrow-right"),
                    tr("Move the selected rows to the retain set"), key(Qt::CTRL, Qt::Key_Right), &Private::moveToRetain);
    moveLeft = add(QStringLiteral("actionDataMoveToForget"), tr("to forget"), QStringLiteral("arrow-left"),
                   tr("Move the selected rows to the forget set"), key(Qt::CTRL, Qt::Key_Left), &Private::moveToForget);
    copyRight = add(QStringLiteral("actionDataCopyToRetain"), tr("copy to retain"), QStringLiteral("copy"),
                    tr("Copy the selected rows to the retain set"), key(Qt::CTRL, Qt::ALT, Qt::Key_Right), &Private::copyToRetain);
    copyLeft = add(QStringLiteral("actionDataCopyToForget"), tr("copy to forget"), QStringLiteral("copy"),
                   tr("Copy the selected rows to the forget set"), key(Qt::CTRL, Qt::ALT, Qt::Key_Left), &Private::copyToForget);
    add(QStringLiteral("actionDataInsert"), tr("Insert row"), QStringLiteral("plus"), tr("Insert an empty row and edit it"), key(Qt::Key_Insert), &Private::insertRow);
    rowActions << add(QStringLiteral("actionDataEditRow"), tr("Edit row…"), QStringLiteral("edit"), tr("Edit the whole row in a window"), key(Qt::SHIFT, Qt::Key_F2), &Private::editRow);
    rowActions << add(QStringLiteral("actionDataDuplicate"), tr("Duplicate"), QStringLiteral("copy"), tr("Put a copy of the selected rows below them"), key(Qt::CTRL, Qt::Key_D), &Private::duplicateRows);
    rowActions << add(QStringLiteral("actionDataDelete"), tr("Delete"), QStringLiteral("trash"), tr("Delete the selected rows; Undo brings them back"), QKeySequence::Delete, &Private::deleteRows);
    rowActions << add(QStringLiteral("actionDataCopy"), tr("Copy"), QStringLiteral("copy"), tr("Copy the selected rows as a table for spreadsheets"), QKeySequence::Copy, &Private::copyRows);
    add(QStringLiteral("actionDataPaste"), tr("Paste rows"), QStringLiteral("paste"), tr("Insert rows from a table on the clipboard"), QKeySequence::Paste, &Private::pasteRows);
    add(QStringLiteral("actionDataShuffle"), tr("Shuffle…"), QStringLiteral("refresh"), tr("Put the rows of the set in front in a random order"), {}, &Private::shuffleRows);
    add(QStringLiteral("actionDataSample"), tr("Keep a sample…"), QStringLiteral("filter"), tr("Keep some rows of the set in front, drawn with a seed"), {}, &Private::sampleRows);
    add(QStringLiteral("actionDataAskModel"), tr("Ask the model…"), QStringLiteral("models"), tr("How well the model knows each forget row, and what forgetting it does to the retain set"), {}, &Private::askModel);
    add(QStringLiteral("actionDataKeepWorst"), tr("Keep the worst to forget…"), QStringLiteral("filter"), tr("Keep the forget rows whose forgetting harms the retain set most"), {}, &Private::keepWorst);
    add(QStringLiteral("actionDataClearFilters"), tr("Leave the field, clear the filters"), QStringLiteral("filter"), tr("Back to the table; once there, all rows are shown again"), key(Qt::Key_Escape), &Private::leave);
    add(QStringLiteral("actionDataOtherTable"), tr("Other table"), QStringLiteral("compare"), tr("Go to the other set"), key(Qt::Key_F6), &Private::otherTable);
}

QWidget *DataPage::Private::buildTop()
{
    auto *top = new QWidget(&page);
    auto *line = new QHBoxLayout(top);
    line->setContentsMargins(0, 0, 0, 0);
    line->setSpacing(Theme::space(2));

    setButton = new QToolButton(top);
    setButton->setObjectName(QStringLiteral("dataSetMenu"));
    setButton->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    setButton->setIcon(Theme::icon(QStringLiteral("database")));
    setButton->setPopupMode(QToolButton::InstantPopup);
    setButton->setToolTip(tr("The pair of sets that is being edited, and the others that are kept"));
    auto *menu = new QMenu(setButton);
    setButton->setMenu(menu);
    QObject::connect(menu, &QMenu::aboutToShow, &page, [this] { fillSetMenu(); });

    filter = new QLineEdit(top);
    filter->setObjectName(QStringLiteral("dataFilter"));
    filter->setPlaceholderText(tr("Filter both tables: words, tok>200, flag:cut, prompt:…, answer:…"));
    filter->setAccessibleName(tr("Filter of both tables"));
    filter->setClearButtonEnabled(true);
    filter->addAction(Theme::icon(QStringLiteral("search")), QLineEdit::LeadingPosition);

    templateChoice = new QComboBox(top);
    templateChoice->setObjectName(QStringLiteral("dataTemplate"));
    templateChoice->setAccessibleName(tr("Template"));
    templateChoice->addItem(tr("Question – answer"));
    templateChoice->addItem(tr("Chat template of the model"));
    templateChoice->addItem(tr("Plain: prompt, space, answer"));
    templateChoice->setToolTip(tr("How a row becomes text; write another one in Experiment, under Data"));
    auto *templateLabel = mutedLabel(tr("&Template"));
    templateLabel->setBuddy(templateChoice);
    length = new QSpinBox(top);
    length->setObjectName(QStringLiteral("dataLength"));
    length->setAccessibleName(tr("Length in tokens"));
    length->setRange(2, 1 << 20);
    length->setSingleStep(32);
    length->setKeyboardTracking(false);
    length->setToolTip(tr("Rows are cut at this many tokens, end-of-text included"));
    auto *lengthLabel = mutedLabel(tr("&Length"));
    lengthLabel->setBuddy(length);

    line->addWidget(setButton);
    line->addWidget(filter, 1);
    line->addSpacing(Theme::space(2));
    line->addWidget(templateLabel);
    line->addWidget(templateChoice);
    line->addWidget(lengthLabel);
    line->addWidget(length);
    return top;
}

QWidget *DataPage::Private::buildMoveRow()
{
    auto *row = new QWidget(&page);
    auto *line = new QHBoxLayout(row);
    line->setContentsMargins(0, 0, 0, 0);
    line->setSpacing(Theme::space(2));
    line->addStretch();
    QPushButton *right = actionButton(moveRight, row);
    right->setLayoutDirection(Qt::RightToLeft); // its arrow points to the other table
    right->setText(tr("Move to retain "));
    QPushButton *left = actionButton(moveLeft, row);
    left->setText(tr("Move to forget"));
    line->addWidget(right);
    line->addWidget(left);
    auto *copy = new QPushButton(Theme::icon(QStringLiteral("copy")), tr("Copy to other"), row);
    copy->setObjectName(QStringLiteral("dataCopyButton"));
    copy->setToolTip(tr("Copy the selected rows to the other set  Ctrl+Alt+→ or ←"));
    QObject::connect(copy, &QPushButton::clicked, &page, [this] { copyFrom(active); });
    QObject::connect(rowActions.first(), &QAction::enabledChanged, copy, &QPushButton::setEnabled);
    line->addWidget(copy);
    line->addStretch();
    return row;
}

QWidget *DataPage::Private::buildFoot()
{
    auto *card = new Panel(QString(), &page);
    auto *title = new QHBoxLayout;
    title->setSpacing(Theme::space(3));
    stripTitle = headingLabel(tr("As the trainer sees it"));
    stripSummary = mutedLabel();
    stripSummary->setObjectName(QStringLiteral("tokenStripSummary"));
    title->addWidget(stripTitle);
    title->addWidget(stripSummary, 1);
    title->addWidget(captionLabel(tr("grey: prompt, not trained · coloured: trained · outlined: special")));
    card->body()->addLayout(title);
    strip = new TokenStrip(card);
    card->body()->addWidget(strip, 1);

    auto *line = new QHBoxLayout;
    line->setSpacing(Theme::space(4));
    histogram = new LengthHistogram(card);
    totals = mutedLabel();
    totals->setObjectName(QStringLiteral("dataTotals"));
    flags = new FlagBar(card);
    auto *words = new QVBoxLayout;
    words->setSpacing(Theme::space(1));
    words->addWidget(totals);
    words->addWidget(flags);
    line->addWidget(histogram, 0, Qt::AlignVCenter);
    line->addLayout(words, 1);
    card->body()->addLayout(line);
    return card;
}

void DataPage::Private::buildLayout()
{
    buildActions();
    auto *layout = new QVBoxLayout(&page);
    layout->setContentsMargins(Theme::space(5), Theme::space(2), Theme::space(5), Theme::space(4));
    layout->setSpacing(Theme::space(3));
    layout->addWidget(buildTop());

    panels = {new SetPanel(sets.model(SetSide::Forget), tr("Forget"), QStringLiteral("forgetTable"), &page),
              new SetPanel(sets.model(SetSide::Retain), tr("Retain"), QStringLiteral("retainTable"), &page)};
    const QString formats = tr("or drop a file here: JSON Lines, JSON, CSV with a header row, plain text.\n"
                               "{\"question\": \"Where was Mira born?\", \"answer\": \"In Veska.\"}");
    panel(SetSide::Forget).setEmptyText(tr("No rows to forget yet.\nImport…  Ctrl+I, paste from a spreadsheet,\n") + formats);
    panel(SetSide::Retain).setEmptyText(tr("No rows to retain yet.\nImport…  Ctrl+I, paste from a spreadsheet,\n") + formats);
    auto *tables = new QWidget(&page);
    auto *tablesLayout = new QVBoxLayout(tables);
    tablesLayout->setContentsMargins(0, 0, 0, 0);
    tablesLayout->setSpacing(Theme::space(2));
    auto *sides = new QSplitter(Qt::Horizontal, tables);
    sides->setObjectName(QStringLiteral("dataSides"));
    sides->setChildrenCollapsible(false);
    sides->addWidget(panels[0]);
    sides->addWidget(panels[1]);
    sides->setSizes({1000, 1000});
    tablesLayout->addWidget(sides, 1);
    tablesLayout->addWidget(buildMoveRow());

    splitter = new QSplitter(Qt::Vertical, &page);
    splitter->setObjectName(QStringLiteral("dataSplitter"));
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(tables);
    splitter->addWidget(buildFoot());
    splitter->setStretchFactor(0, 1);
    splitter->setStretchFactor(1, 0);
    splitter->setSizes({10000, 1}); // the foot as small as it can be; kept where it is dragged
    layout->addWidget(splitter, 1);
    page.setAcceptDrops(true);
    for (SetPanel *side : panels) {
        side->view().setContextMenuPolicy(Qt::CustomContextMenu);
        QObject::connect(&side->view(), &QWidget::customContextMenuRequested, &page, [this, side](const QPoint &at) {
            showContextMenu(side->view().viewport()->mapToGlobal(at));
        });
    }
}

void DataPage::Private::showContextMenu(const QPoint &at)
{
    const auto action = [this](const char *name) { return page.findChild<QAction *>(QLatin1String(name)); };
    QMenu menu(&page);
    if (active == SetSide::Forget)
        menu.addActions({moveRight, copyRight});
    else
        menu.addActions({moveLeft, copyLeft});
    menu.addSeparator();
    menu.addActions({action("actionDataEditRow"), action("actionDataInsert"), action("actionDataDuplicate"), action("actionDataDelete")});
    menu.addSeparator();
    menu.addActions({action("actionDataCopy"), action("actionDataPaste")});
    menu.addSeparator();
    menu.addActions({action("actionDataShuffle"), action("actionDataSample"), action("actionDataSaveAs")});
    menu.addSeparator();
    menu.addActions({action("actionDataAskModel"), action("actionDataKeepWorst")});
    menu.exec(at);
}

} // namespace lethe
