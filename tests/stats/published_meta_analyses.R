# What metafor says of six published meta-analyses: writes published_meta_analyses.json, which test_meta_analysis.py reads.
#
#     Rscript tests/stats/published_meta_analyses.R tests/stats/published_meta_analyses.json
#
# Made with metafor 3.8.1 and R 4.2.2 (Debian's r-cran-metafor 3.8-1-1). The data are metadat's.

suppressMessages(library(metafor))

sets <- list(
  bcg = list(
    "Colditz et al. 1994, JAMA 271, 698: BCG vaccine against tuberculosis, log risk ratios",
    escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)),
  expectancy = list(
    "Raudenbush 1984, Journal of Educational Psychology 76, 85: teacher expectancy, standardised mean differences",
    dat.raudenbush1985),
  smoking = list(
    "Hackshaw, Law and Wald 1997, British Medical Journal 315, 980: spouse's smoking and lung cancer, log odds ratios",
    dat.hackshaw1998),
  magnesium = list(
    "Li et al. 2007, Cochrane Database of Systematic Reviews 2, CD002755: magnesium in myocardial infarction, log odds ratios",
    escalc("OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.li2007)),
  stroke = list(
    "Normand 1999, Statistics in Medicine 18, 321, table III: length of stay after stroke, mean differences in days",
    escalc("MD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = dat.normand1999)),
  lidocaine = list(
    "Hine et al. 1989, Archives of Internal Medicine 149, 2694: lidocaine in myocardial infarction, risk differences",
    escalc("RD", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.hine1989))
)

# The prediction interval of harness.stats.meta_analysis, by other means: for each probability u the tau^2 whose
# Q(tau^2) is the u quantile of chi^2 (uniroot), and the normal prediction given it, averaged over u (integrate).
prediction <- function(y, v) {
  df <- length(y) - 1
  moments <- function(t) {
    w <- 1 / (v + t)
    m <- sum(w * y) / sum(w)
    c(m = m, s = sqrt(1 / sum(w) + t), q = sum(w * (y - m)^2))
  }
  at <- function(u) {                    # u = P(tau^2 <= t) = P(chi^2 >= Q(t))
    target <- qchisq(u, df, lower.tail = FALSE)
    upper <- 2 * sum((y - mean(y))^2) / target
    uniroot(function(t) target / moments(t)[["q"]] - 1, c(0, upper), tol = 1e-14 * upper, maxiter = 10000)$root
  }
  zero <- pchisq(moments(0)[["q"]], df, lower.tail = FALSE)
  for (level in c(50, 80, 95, 99)) {     # the Q-profile intervals of metafor are quantiles of the same distribution
    bounds <- confint(rma(y, v, method = "PM"), type = "QP", level = level, control = list(tol = 1e-12, maxiter = 10000))
    bounds <- bounds$random[1, c("ci.lb", "ci.ub")]
    mine <- sapply((1 + c(-1, 1) * level / 100) / 2, function(u) if (u > zero) at(u) else 0)
    stopifnot(isTRUE(all.equal(unname(bounds), mine, tolerance = 1e-7)))
  }
  below <- function(x) {
    given <- function(t) { p <- moments(t); pnorm((x - p[["m"]]) / p[["s"]]) }
    above_zero <- function(u) sapply(u, function(each) given(at(each)))
    cuts <- c(zero, zero + (1 - zero) * c(0.25, 0.5, 0.75, 0.9, 0.99, 0.9999), 1 - 1e-10)
    parts <- mapply(function(a, b) integrate(above_zero, a, b, rel.tol = 1e-11, abs.tol = 1e-12)$value,
                    head(cuts, -1), tail(cuts, -1))
    zero * given(0) + sum(parts)
  }
  at_level <- function(p) uniroot(function(x) below(x) - p, mean(y) + c(-1, 1) * 20 * sd(y), tol = 1e-13 * sd(y))$root
  c(at_level(0.025), at_level(0.975))
}

number <- function(x) paste0(sprintf("%.17g", x), collapse = ", ")
entry <- function(name, set) {
  d <- set[[2]]
  d <- d[!is.na(d$yi), ]
  y <- as.numeric(d$yi)
  v <- as.numeric(d$vi)
  fit <- function(test) rma(y, v, method = "PM", test = test, control = list(tol = 1e-15, maxiter = 10000))
  knha <- fit("knha")
  z <- fit("z")
  usual <- predict(knha)
  fields <- c(
    citation = sprintf('"%s"', set[[1]]),
    yi = sprintf("[%s]", number(y)),
    vi = sprintf("[%s]", number(v)),
    estimate = number(knha$beta),
    tau2 = number(knha$tau2),
    i2 = number(knha$I2 / 100),
    q = number(knha$QE),
    q_p = number(knha$QEp),
    hartung_knapp = sprintf("[%s]", number(c(knha$ci.lb, knha$ci.ub, knha$pval))),
    wald = sprintf("[%s]", number(c(z$ci.lb, z$ci.ub, z$pval))),
    usual_prediction = sprintf("[%s]", number(c(usual$pi.lb, usual$pi.ub))),
    prediction = sprintf("[%s]", number(prediction(y, v))))
  sprintf('  "%s": {\n%s\n  }', name, paste0('    "', names(fields), '": ', fields, collapse = ",\n"))
}

text <- paste0("{\n", paste(mapply(entry, names(sets), sets), collapse = ",\n"), "\n}\n")
cat(text, file = commandArgs(trailingOnly = TRUE)[1])
