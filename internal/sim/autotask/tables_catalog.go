package autotask

// Field tables of the catalogue: services, bundles, billing codes, products, price lists (Autotask sheet §5.3, §5.8, §5.10,
// §5.11, §5.17).

const serviceFields = `
id long RO
name s150 R
description s400
unitPrice double R
unitCost double
periodType int R RO* PL:periodType
billingCodeID int R ->BillingCodes
vendorCompanyID int ->Companies
invoiceDescription s1000
isActive bool =true
markupRate double RO
serviceLevelAgreementID long PL:serviceLevelAgreement
manufacturerServiceProvider s100
manufacturerServiceProviderProductNumber s50
catalogNumberPartNumber s50
sku s50
internalID s50
externalID s50
url s500
creatorResourceID int RO
updateResourceID int RO
createDate datetime RO
lastModifiedDate datetime RO
`

const serviceBundleFields = `
id long RO
name s150 R
description s200
periodType int R RO* PL:periodType
billingCodeID int R ->BillingCodes
unitPrice double
unitDiscount double
percentageDiscount double
unitCost double RO
invoiceDescription s1000
serviceLevelAgreementID long PL:serviceLevelAgreement
isActive bool =true
sku s50
internalID s50
externalID s50
url s500
manufacturerServiceProvider s100
manufacturerServiceProviderProductNumber s50
catalogNumberPartNumber s50
creatorResourceID int RO
updateResourceID int RO
createDate datetime RO
lastModifiedDate datetime RO
`

const serviceBundleServiceFields = `
id long RO
serviceBundleID int R RO* ->ServiceBundles
serviceID int R RO* ->Services
`

const billingCodeFields = `
id long RO
name s200 RO
description s500 RO
externalNumber s100 RO
isActive bool RO
useType int RO PL
billingCodeType int RO PL
generalLedgerAccount int RO PL
department int RO
unitCost double RO
unitPrice double RO
markupRate double RO
taxCategoryID int RO ->TaxCategories
isExcludedFromNewContracts bool RO
afterHoursWorkType int RO ->BillingCodes
`

const productFields = `
id long RO
name s100 R
description s2000
sku s50
link s500
productCategory int PL
externalProductID s50
internalProductID s50
unitCost double
unitPrice double
msrp double
defaultVendorID int ->Companies
vendorProductNumber s50
manufacturerName s100
manufacturerProductName s50
isActive bool R
periodType int PL:periodType
productBillingCodeID int R ->BillingCodes
chargeBillingCodeID int ->BillingCodes
isSerialized bool R
doesNotRequireProcurement bool
isEligibleForRma bool
markupRate double RO
billingType int RO PL
priceCostMethod int RO PL
createdTime datetime RO
createdByResourceID int RO
defaultInstalledProductCategoryID int
`

const priceListServiceFields = `
id long RO
serviceID int R RO ->Services
currencyID int R RO ->Currencies
usesInternalCurrencyPrice bool R
unitPrice decimal
`
