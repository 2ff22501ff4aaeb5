#include <lethe/base/LatexText.h>

#include <QtCore/QFile>
#include <QtCore/QProcess>
#include <QtCore/QStandardPaths>
#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

using namespace lethe;

class TestLatexText : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void specialsAreEscapedAndSignsAreMathematics()
    {
        QCOMPARE(latexText("50 % of a_b & {c} #2 $x"), std::string("50 \\% of a\\_b \\& \\{c\\} \\#2 \\$x"));
        QCOMPARE(latexText("a\\b~c^d<e>f|g\nh"), std::string("a\\textbackslash{}b\\textasciitilde{}c\\textasciicircum{}d\\textless{}e\\textgreater{}f\\textbar{}g h"));
        QCOMPARE(latexText("β → ∞, −2·γ"), std::string("$\\beta$ $\\rightarrow$ $\\infty$, $-$2$\\cdot$$\\gamma$"));
        QCOMPARE(latexText("1\u202F204 – née"), std::string("1~204 -- née"));
        QCOMPARE(latexText("東京 \xff"), std::string("東京 \xff"));
    }

    void lettersThatPdfLatexLacksAreFound()
    {
        QVERIFY(!needsUnicodeLatex("née Łódź “quoted” – β → ∞ …"));
        QVERIFY(needsUnicodeLatex("東京"));
        QVERIFY(needsUnicodeLatex("Ж"));
        QVERIFY(needsUnicodeLatex("😀"));
        QVERIFY(!needsUnicodeLatex(""));
    }

    void pdfLatexTakesIt()
    {
        const QString compiler = QStandardPaths::findExecutable(QStringLiteral("pdflatex"));
        if (compiler.isEmpty())
            QSKIP("no pdflatex here");
        const std::string text = "née Łódź “q” – α β γ δ ε ζ η θ ι κ λ μ ν ξ π ρ σ τ φ χ ψ ω Γ Δ Θ Λ Π Σ Φ Ω ↓ ↑ → ← − · × ± ≤ ≥ ≠ ≈ ∞ \\ & % $ # _ { } ~ ^ < > | …";
        QVERIFY(!needsUnicodeLatex(text));
        const QTemporaryDir folder;
        QFile file(folder.filePath(QStringLiteral("t.tex")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QByteArray::fromStdString("\\documentclass{article}\n\\begin{document}\n" + latexText(text) + "\n\\end{document}\n"));
        file.close();
        QProcess process;
        process.setWorkingDirectory(folder.path());
        process.start(compiler, {QStringLiteral("-interaction=nonstopmode"), QStringLiteral("-halt-on-error"), QStringLiteral("t.tex")});
        QVERIFY(process.waitForFinished(120'000));
        QVERIFY2(process.exitCode() == 0, process.readAllStandardOutput().constData());
    }
};

QTEST_GUILESS_MAIN(TestLatexText)
#include "tst_latex_text.moc"
