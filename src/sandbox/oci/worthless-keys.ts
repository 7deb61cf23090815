import { createHash, createPrivateKey, createPublicKey } from "node:crypto";

/**
 * WORTHLESS RSA KEYS, PUBLISHED ON PURPOSE. They sign for the people of the sandbox on loopback, and the last one is
 * the material of one of its keys; nothing anywhere else has ever heard of them, and nothing ever should. They stand
 * here, instead of being made when needed, because five of them take half a second. DER, PKCS #8, in base64: without
 * the lines of a PEM file, so that no scanner for leaked secrets is woken up for nothing.
 */
const WORTHLESS_KEYS = {
  owner: [
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCZvq5+Y3ZXFlOE22LE8VPBG27yUyUwdlrdMr0IpAxhuOCWP8h9JlkitN5F",
    "TCdXA7BuinWWPkc7G8KBdm/ZeQYRb/EHtVICBck1dXBBIozj6a3Hpv88gaGUWgTAvvt450OZ8XbJz/T5Ja0DpqhY+PNodQjaqU9CGc1mZWqK",
    "12hQcblhi0WSKvI37oMr4JG0FMS6Q+JjcgyMHQO3fTK1fVtYl2ScIidCr/+Khz5YEcreCs0FC4WR3JFjeHy/gkI15JSez8kcUOSKvmNWn/Zj",
    "6hrdRwUoC2SuvkMB3UI6Pg+zFUqw7PWPDgIE6q+2iNth94NWFfY3WI/hMEO19MjAviUxAgMBAAECggEACoP+xllCNlmqE7u3qTXCX0Jjl8J1",
    "GDf4Jgn64PTrfeGZxt0M9vZhAV0ymLXJOQvhDOZ+fWy8DYBsENPLeanr7tRjvX264rWHmhbyuxnEXjBU+QNkkLxjE1UG3zIQ3CehOY3I7KvD",
    "GylnCIllGVTJvTrIBMCw0ZoXMOo928o48cuCVriPtZHkTn4At6xD89TcZ9Ki3vTCr3JSv5erOVATW8yvqOVl6gn10ay4TkS6MtM/4IvPwtfI",
    "aMK8mInFbzIvGhDdxUVpPqM+JH4HdFvmvyITS8ZNHtC8P3k+N6KPYCG+dIZ4zhb/d6M0z7mcXNOV/g/uDHQxQx0tMj6AB/kwmQKBgQDMA+jz",
    "S4eUSOqvZ2tueh2aVxDWMINXsgJgsz+aalxOTELwjoKssRD+68cSnuOs7RxheQ0A9RegBJs0mDXEFF7+OiorUWLMcLWC+0vo+4iHarArZ31t",
    "3QKUfhbUpDxniaYsGtS3obKvr0H4Qz6X6D6qngNqgf3w+9saAcdHJrUY7QKBgQDA65bRSIRc2uw6eLNo9BKCGXd77muZoHM0bQtDFb3lgYTi",
    "whcjG2FGB+PH1j9saJxBIAPecGuMvQ+E52Yxt+NnYGTcoq9bWNuDpvZHd6qkuMKhVceuSBqYtwhhXwV0Q/vdUlYwPt2ICi1NfB5BKoMWP2a/",
    "4szxzbE1RfiMdE0I1QKBgGUcCveJF0iGWslTmArIuqMjQ1Tj9jQgJM2ICJ2e2OB1KzfNaTXtC19Luv2fgXbSjJ5CQA+ZaHwFzGXkicED15Bn",
    "gz60tyJbOZoQsS5meuOiHG1mfONWBVFSrD32p3ko3xI8ue/IU6Z+VVOVABCJKYWlikve4Nvt9kiNWRYKOPaBAoGBAJYrTHygHBhDeTqSleUO",
    "iBGpTS61CiDNmp+meevAUs8BoLT6LBRxzag7n/0AMuJqE6dGCnztuWoWCKyFizEMWQExMZHlOOa8JjM2leJPrg8GmsoHAaYSDlHtt6JD2vUD",
    "rlw7KUfox3yLn3P/N3W2Z8+7jnmzS6C1Ykl7q9t49DX5AoGAIeAQDhD1+flV/eOUjtncykbpbw84qPDVjggofF7UJtn9KMtgoDdY4ubGcLza",
    "hDpeC+E3gltkz+NxNg6cK50gzS/n58+/MNyMsZzZ6DxmQuvuc+5gHuPpG0Rx8M+0EtC1RCGYkxNt/yP6eTKZ++NI8WPV/dzZvUrnjqOciZ29",
    "nsg=",
  ],
  auditor: [
    "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDHnqkeRLtLt4fulUjT1WU/n3sMWxLIxGTW2pFOl69gcgB5ipHjuME8X5/2",
    "ERbmnsUTNQRB1CpRlgj8bBPdMAW8sWN7GkB/vmUJOzTCqu2rDvDUc/cCAHfgzm2h/z+DSGqpMf/A5Yq62oUwcEA9qUlnSK2O5yBcaXxGdI1G",
    "J0nCbRwiRCEXzNOoIau33oUdMxS7zdBcR3J3e2YfCML5m1jTgIZevK/QcLKci1f8p6sgiihDwQSxkTgcxr9uCTEyUjBbWhfx+HVBvzvowoCy",
    "5jVJz6j1sbJSKVoAPF4zAwc2bCt/SbdBApMeN+FqhHxt/1ZRrIdhZQeyAvCrP5cjr5StAgMBAAECggEAE3bQwjMM+TXQ0w5q3r7mw7Si/KIv",
    "u3RM6dc/hmSLdPHAwpkknwn/i4m+cPGbJEsUZ8pKWznbE3/36dcG+9EIKi04yELXyazwsJz9iMK+cGjBSlHxYphVmA3AymQ3Vu97ePp3V+F5",
    "7LzMclvro6eLUP8Y7z9xnBksBTmtocrIaiTpu6fmzI8M4qOrObw0tm0pa9PE74Ez9ddd9wz+2qRCT4EO8l0iI6QBA9J8NyomhhhDfWV087z3",
    "qbCT6iPVqBKLEhDL4J9OK09SfEFel0+QPZyAoXoSyh3SAIVrEeJMbgQqrp7QaBVILxTX8xkrnYNVBrLns9ONfXT+6CW7bWfLaQKBgQD0FXgT",
    "76zKBo4wHzONl21NSSWlgSZFWysBTN9vfwoI2oGbtNqW4fhbotI6cxcBiwA0F59yVs7jEkwj4z7foNXbHYYyLq8+bKtjYHxnOLMYr6i1+DP3",
    "zmntFyedivOJFNIpfh/AcKKwNerUCY91z4nEC8USFiNIojiL/n8gFN3YpQKBgQDRXXwPs8OPGM46Smvfc1l67ocqp5sF8vzsprJg8Z1NdVIG",
    "dYUs+ynnbripxmczpQfurXhmaOdkghn/CPZp+B0xO3guGKYS8WvJugaCP+9JTaLHNE50tfCYeSI6vYnbR9NyiNSsUIhB1mcSFpbLM30H+yxM",
    "CCeGExDvqSu5uVSFaQKBgQDnb5fs51xiLvcRf/RE9GkqWAo/NQdRyhEr6XUO5llgbbdpKYH+gQMZ+Hf3/fq5dtBZlHCWXONMgaP6f1W1e25r",
    "lkIRQRzfRvD3iJxMz4FaDe0dpdu4w1rC+SqSAhfLShfAShvXP7Wy+VzRcsM5hPDvF+3jqWQJUe/mJgjqJX75FQKBgG5YVCO+fgp0a3UDdlld",
    "5UJKZ0kO70CycaWUsh0wGtURSXsIA3nSoqJMk90/KXNpvoWIPhXTomkxvNvS8HSnhVNGYbAB473GKiY2+mk5ozdCSNGu+s6+eaES7vyAmyDM",
    "eWA7R8PN6hKxGr/I0g8lAvfq5Mzp21Lpx5pY0iffyvFJAoGBAK+TWK0yDh706cYRLLPucfNEsoXo9PrhoXoOJZFEagwFexSMg/g2Oz98Vy2l",
    "Dh6dJXEut0ENAmW1TboPnnK3b9yRnqKAZUu+l36EOFaNTGOVWwVN2E1054qGMcX2ilWSvtU8eU5zv9+OBrQ6NH8Eoqxznf6gZFgNemnQc708",
    "UvcO",
  ],
  "vendor-demo": [
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7YJOXMPqp9FLN0eTzDrYPdvCW+rq3411wdXx4w+zO70RZoOjDtDkCevrD",
    "toqfCM5Yyiw3iidZDQMs67V9KYk4AY6v1JYAqPK6Hr4iq9lD9eJ2E1oQbygcZHlgwpjlhaAeQ5S/0FrYJw8jCtan7/CspOckhBHOja7CtilZ",
    "Mk2sEc8nNgZ+l3FKLzKpnb6/OmpqM0eghn2axLgyd3bm/7wlyiVZz8ZeP/q+vpKBzMUroJkA8ivLSkk0bQNpq+QrO+LGLZhG+9yZiOGOvJcO",
    "Zh+dd1bQpVkWZ7lvHTszFy/Z7IlApKjQdz8AO2ZgiEsdHj3cWIOa8uoUO4HeK2m2yp3/AgMBAAECggEATdnBWHbcHpLJeIQ1iJrbH6++JCyG",
    "OXK41smpbo+QqyWUE10ceHs/mH06BOipzYueGBvfpS+8S25xnE9Od3MzdNaIzxsXO6z2NEgjnUojGe5mKcK+j8dvNeS03XPcjLgpH4namptZ",
    "syb/TgLpzpqNN13IP060C0qoinOe2FVjGhMSK7EobihgonYmF26xLBKFJWNSG0BQ/zJsv8xpTsre+w9mDzD7TNwAhWuk5FPwRDHCwh80Blz8",
    "gYgQs0/wfqVjvhO84o0lV56JloufRSIGF7kZsfml1G6HGwhfMYJCWD4zm7QLQ1vnGsM8TicjJT7KNPDD/MxIJMKZHIasyyUp+QKBgQDcZ/ty",
    "PF4rv4MhuL1sZkqTN5wnQrAG/VvTLwteJog6467RyyJ+LEjWkV6icn6utZMnGblZwkkkWStFG6GeBimNc7p7ZW6tksv1dEBWigc+KAdN5coa",
    "+hf7/OVTKt0dkZsMua0uK5eO3I81flNvNQXciPixam7LzomhliZOMn/QKwKBgQDZox1R3FHvMpbZxBtxi2rvgIHwjaapnU/PrcCIYHRd6vCM",
    "Hz8/so8/nfCz6sfmh6IuULDoUkWqQyZrdAH7xYNuvW/cNCoP6KTmHSAR1vi4IY2xgjsJ7iB0IEmBGl4xvGpO9Tb895kfparTuj6zJ+fMEPEd",
    "wWKN+VOwz461VyBrfQKBgF5zvSCuWBjdYF+yIJL0nx7JpQR6Ip9MMe6laXS2hIjgC4niSGzTo384Gtr4v+s06tPFxVV+2gNWpyFdfvwOXf49",
    "SvwYcr61euw8Hlo3mnT7iG3MfLjk1iRpswjaBJnoTQ69/0Ya7j8Nq91bvnuYuGNS22iEWOjEINz7UH0QTQ+zAoGAa5JVJqYYlXtS1pY43lmD",
    "5JeHImhRbVrFHSiLlpzeR6GdfhTfxVMzvMULOVKdtdNqlSvrFRm9N1fzgH8Zj+FjgnP9+0CJXc2m29qfhFHWI+TpzUhKeDEMN3nR+w8Waczw",
    "WtCXelfDhsHy+q3+2byqtNHW69cvKG+JL0aYCgfjjV0CgYEAstTBMjHTc3THnuLKEVJw9IOFiyof5Q4hYv/ldY93tEhruZGafnvXgHcSsRmN",
    "qHPQU2+xrAvpmj0yPwtpxhk2J68bwRtT21BPwX523GhYgnp0bPAZF80Y0vYX1YhHsu8dCPVdiec+fg7kL9Jhwk44s66fvd4bBicdeoLqLbZi",
    "MXc=",
  ],
  "vendor-second": [
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC9yrTGtVNsPXtGdU0OpkTn31iP843vbCybJbF8VwCkt3qMU4YuDZQPWrL8",
    "hY8kwXzlw9LFQEDCYWYw2RMqvJvcT04lrjb5nxT7r0kz/MX0RYgW6ewYmSMPRNBb8xeWVtGbmiFY1Nfhi2878WZ4YzYIpa12liKd+SvoNzxN",
    "+PhTFqATukQPLbWQr2fFKUOx10Fh21grNv6Vsvz16YF9xJzImbPn3/dggiKlwOQe4ZRf3bvCuaARhqnuSr/LK3bn6lk7lbziXoN/bHapEBRS",
    "ippFKF2J8dNOGFpBHQRVUcZlcTxXnvUfqmZEDvGdT6ZSV/vJUBCzJ4t6EUucF2OoZ9UxAgMBAAECggEAAecJKAzW8kHxuv5Y2GoxzOGWUnLx",
    "U9g9F0z51qXnHhZvZdC+KrbV87Rg9UHP+2WuDzTreae+0d5I08LGuX/JHYpeL8xUkyOueKXCJyYPf9uCpU+6FhauLTxqsXz7UPVk8VJzwpZJ",
    "wOtgs1a/+yfHTAIAJ00Jp3mhG9k2nHNpC2kox5P47QbetQ9zGsd5/Zkn8ZaTQVQlpNqbHQp/C0mGmS78P2NTt/ML+oU3COTA4BlDUhW15EcW",
    "WqUJ0o4eWciDneolHJFhysIOfzZojQASgpTWKXJEsIWDpVmqnChOviFcvFdpLMXHjcKCpF0lQ2XXpPlsaos+KEHgcXcvKiwFuQKBgQDnLzC3",
    "N3n7pxwa0YnVzDGt+GViHH9pPNwWst0zspFSedvhATkMgUAfxG/YHkIvjRjnVYqPJPuV+SjsBFFaivJJgHdeXgYKXRgoZCENtMAgpT+ya5Vo",
    "8DtJF9jmMAiwQCV3nGclDYFxv2agZ6abrjIRVbnAf9THB0FcQxqO+JwvyQKBgQDSKhLnjFt5+eGBtMMOern0g7jd1I2weKWzcRB1tYu5FyiK",
    "OdrSaMZUTCVqdTviqiV0Hbt41Z2rMFthd1aROPD5ijV/EBrKglOYElqNSz+svsnLtPHKoyXBBB/mWcH0Xzhg28+IIYrXAydgtrT0MJSKh284",
    "hOZQ0wXFpL61lQW+KQKBgFOhgqIE85/RyBz7iD1LbP1eSm6/mGfdmFCty8+T3XZUlvJCmvynFSdozH0GFTNWe5fUHhfCbTDHvcIDndp/QT7N",
    "tmDw6oZ9Puv9rOdkZ8xney90M8yOeyPp+JDs93eq/OLUNYv14snfT6TfWiofTgVvWY8Fr1eAjGhv7f+id/3hAoGBAMo29W2ZnULl7dbxaGT8",
    "LQRZ4Xx/0b0kuLrJZT786W20HKuzMxsU+Q+PHMkr9+0GLXdmTEXdtBFNO/+x5bdhhGt2Ujbp9f04HNrLfhlJeADsqhm5BpUlGWR4ZYEsh/Rr",
    "0kFP/oVLUN3FCRSDd+UlASexXJCTP1AxWvJqq5znwFjRAoGAWrpjm+8aRSUg4Kt8UMlsEShbf+G6owGfS+Nut3+61fj+RzWFNr8N+NQXDvlo",
    "sjkEoEqJTJGll0x73MzJ/JfWdtOyQcQD1JCfcPBeZmKIyg9+bh2wzCXGuxWq/UPc7uoYoE/P0L2ioUcrqSuPZdGnxhuSmTnLNNRFqN4Pvy0/",
    "igQ=",
  ],
  "kms-rsa": [
    "MIIEvwIBADANBgkqhkiG9w0BAQEFAASCBKkwggSlAgEAAoIBAQDgHdpuB644U4badIQWLSZrWTcnEkTSInFhZAhxyEi6TRGX23sVVTvcslZh",
    "afjZZlbG0talnex72udy26ebvDG1aqpz3GrGRmpCDug/UtFz1GW9CCb1f1iOhgR3FDQa2x2eu0FvPY0BnYFscDTtRGVXaMtS2TNQ/C9WMPLA",
    "hZyXW1Lqz+N0Ooxslc8ud9dTRziPEmAdLORVfu0nMdhq9depdWz4Baz6f7lXj2GPeYAir96Fa0Fp5MYIFeeW2fYUBO/J6oNpgO0UfDGfWu5A",
    "5tSWmQMSDSN/hlyk7Ar4lOKZtL8T7i2+YWE3o4iDtxCLRahSyQKmQ+KJOv2QpKjr+EsxAgMBAAECggEAD3JfTLggzOcM41+mfvTLshhrEblT",
    "nvwavnCrmFQKlzSaotHQ0O6X+qUcCQjJywofrwJ3IuEYnIzA6Qy0p6o37t4UM3ocrd/KkRT/8uVdZFNeU8INFVyamPApvJ9a3AMALqGPaABh",
    "CJx3gCbXrwbIyVaCtQodXFaVWKZ1BMnwugnDS4dYXMP0i0CuRQDbvTqyqW7IDXpVXQOjV1K272/a0B/gI4CIamAvpJz9UkyH43XhchKeP7Ya",
    "AKRgOuctZbZlDHFELLi0oKhBL6RcoO4E0CvFYaujeBtnNb1PusY6a/lcS/xpbtrsRQ5Jg5qGDDd5qwGlq79rGKjQPKl0ost5sQKBgQD3BcQr",
    "8TlHv+n0pDgNqDxlcMsxtJQgl7CAy2DI7Mlr9uyOyykSRBDGZnrMlZuGBrp0t517Qq0rD8TcSNdvNW3ZazTFeOH9LjrXr6nicN0Xv0JXyllu",
    "0h11QDcnGIN/+hndNHaHiXQFEtxvhUcECIRByLGLCKzXU+szA6AUKttfnQKBgQDoQvntWLUi8POhiwkN9M7eciGxFf/r9fiRtaSc40sRTWNH",
    "DxHFHEzxbEFqVxsBTrIWxytTbLzAKcWwJ+a9OhM3/MIP5HFLS5iyL05qq3I0MABg9FUNDDvi2e/rLnOXbtIC84v4xEtR1H6ijL71vgH1rDEo",
    "wjJl8K8Cvsu4KXHnpQKBgQCkG4WXN9u5CguQxqSilhkBv2yOqgwalwvglLzI3151Rocj2l5/zw5h8GU2k1HOOZwXvIB4CfTnfcNoIVBWhmVj",
    "IvDdHBDu1Y6sCfzP/fE0PJEDp9/AWwDNC4tYgtWh6PLT3W29X5jfYgdmY2GpkUrkNUOWPX4uU4cWzhrEKzCwlQKBgQDWEgUxEXXCQrsKxY8O",
    "4fhZZnBPO6up3AfCpNyYDZZ+2AkM0YLbXf489j5EuQwW5GWYQPJZ7fr6UoX2mpA9EG3uSHTFGRSjBYYzlQ59mo+kMinnMsvBPuljaOOMrD+1",
    "71p5hegY3TNetLATOg43iW1c9dxJaNPyySdFLH2vu+NUUQKBgQCd6voZXdnfy2Qnubo81FHT7A2MUmosPJzDJnI6Q7jB9s/rgzpC9Z2RKhNU",
    "MziL/6R/mekXfbA6/63wOaf+Ofl62HL5fLx3pHwnlNiMnPKGzlR027EFDASFIH/c46HVbo7Oz2aFyusNzZseeyg391lqo5hk1Woh+XpU2gbe",
    "sckhyQ==",
  ],
} as const;

export type WorthlessKey = keyof typeof WORTHLESS_KEYS;

/** PKCS #8, as `key_file` in OCI's configuration has it. */
export function privatePem(name: WorthlessKey): string {
  const key = createPrivateKey({
    key: Buffer.from(WORTHLESS_KEYS[name].join(""), "base64"),
    format: "der",
    type: "pkcs8",
  });
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

export function publicPem(name: WorthlessKey): string {
  return createPublicKey(privatePem(name)).export({ type: "spki", format: "pem" }).toString();
}

/** https://docs.oracle.com/iaas/Content/API/Concepts/apisigningkey.htm: MD5 of the public key in DER, in pairs. */
export function fingerprint(name: WorthlessKey): string {
  const der = createPublicKey(privatePem(name)).export({ type: "spki", format: "der" });
  return createHash("md5")
    .update(der)
    .digest("hex")
    .replace(/..(?!$)/g, "$&:");
}
