#include "../parts/Background.h"
#include "IconLabel.h"
#include "SettingsPanes.h"

#include <widgets/Theme.h>

#include <lethe/base/Device.h>
#include <lethe/base/Paths.h>

#include <QtCore/QSysInfo>
#include <QtGui/QClipboard>
#include <QtGui/QGuiApplication>
#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QPlainTextEdit>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QVBoxLayout>

namespace lethe {

namespace {

QLabel *paragraph(const QString &text, TextRole role, QWidget *parent)
{
    auto *label = new QLabel(text, parent);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    Theme::setRole(label, role);
    return label;
}

/// What Lethe is built on, with each part's licence.
QString notices()
{
    return QObject::tr("Lethe is built on:") + QStringLiteral(
        "\n\nQt 6 (LGPL-3.0-only) – window system, drawing, plugins"
        "\nQCustomPlot 2.1 (GPL-3.0-or-later) – plots"
        "\nLibTorch (BSD-3-Clause, with the licences of its own parts) – tensors and gradients"
        "\nSQLite (public domain), SQLiteCpp (MIT) – the store"
        "\nnlohmann-json (MIT) – JSON"
        "\nApache Arrow (Apache-2.0) – Parquet files"
        "\nSentencePiece (Apache-2.0) – tokenizer.model files"
        "\nPCRE2 (BSD-3-Clause) – the tokenizers' patterns"
        "\nutf8proc (MIT) – Unicode normalisation"
        "\nspdlog and fmt (MIT) – the log"
        "\nCLI11 (BSD-3-Clause) – the command line");
}

} // namespace

QWidget *makeAboutPane(QWidget *parent)
{
    auto *pane = new QWidget(parent);
    auto *all = new QVBoxLayout(pane);
    all->setContentsMargins(Theme::space(5), Theme::space(4), Theme::space(5), Theme::space(4));
    all->setSpacing(Theme::space(3));
    auto *top = new QHBoxLayout;
    top->setSpacing(Theme::space(4));
    top->addWidget(new IconLabel(Theme::icon(QStringLiteral("lethe")), 14, pane), 0, Qt::AlignTop);
    auto *words = new QVBoxLayout;
    words->setSpacing(Theme::space(1));
    words->addWidget(paragraph(QObject::tr("Lethe"), TextRole::Display, pane));
    words->addWidget(paragraph(QObject::tr("Desktop workbench for unlearning experiments on language models"), TextRole::Muted, pane));
    top->addLayout(words, 1);
    all->addLayout(top);
    auto *facts = paragraph(QObject::tr("Version %1 · Qt %2 · looking for devices…")
                                .arg(QString::fromStdString(letheVersion()), QLatin1String(qVersion())), TextRole::Body, pane);
    facts->setObjectName(QStringLiteral("aboutFacts"));
    all->addWidget(facts);
    all->addWidget(paragraph(QObject::tr("Private: Lethe holds no network code. Models, data and results stay on this machine. It never runs "
                                         "code from a model folder."), TextRole::Body, pane));
    all->addWidget(paragraph(QObject::tr("Licence: GNU General Public License, version 3 or later (GPL-3.0-or-later). This program comes "
                                         "with no warranty, as far as the law allows. You may change it and pass it on under the terms of "
                                         "that licence."), TextRole::Body, pane));
    auto *parts = new QPlainTextEdit(notices(), pane);
    parts->setReadOnly(true);
    parts->setAccessibleName(QObject::tr("Third-party notices"));
    all->addWidget(parts, 1);
    auto *copy = new QPushButton(Theme::icon(QStringLiteral("copy")), QObject::tr("Copy diagnostics"), pane);
    all->addWidget(copy, 0, Qt::AlignLeft);

    inBackground(pane, [] { return &deviceReport(); }, [facts](const DeviceReport *report) {
        const QString cuda = report->cuda.empty() ? QObject::tr("no CUDA device: %1").arg(QString::fromStdString(report->whyNoCuda))
                                                  : QString::fromStdString(report->summary());
        facts->setText(QObject::tr("Version %1 · Qt %2 · LibTorch %3\n%4, %n thread(s) · %5", nullptr, report->cpuThreads)
                           .arg(QString::fromStdString(letheVersion()), QLatin1String(qVersion()), QString::fromStdString(report->torchVersion),
                                QString::fromStdString(report->cpuName), cuda));
    });
    QObject::connect(copy, &QPushButton::clicked, facts, [facts] {
        QGuiApplication::clipboard()->setText(QStringLiteral("Lethe\n%1\n%2, %3\n")
                                                  .arg(facts->text(), QSysInfo::prettyProductName(), QGuiApplication::platformName()));
    });
    return pane;
}

} // namespace lethe
